"""The running installation that a command works on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

import settings as environment
from domain.errors import PerennialError
from embedded.postgres import running_url
from settings import Settings
from store.db import Database

T = TypeVar("T")
# Who did it, in the audit log: whoever may type here.
OPERATOR = "operator"


class NotRunning(PerennialError):
    """There is no database to work on."""

    code = "not_running"


def database_of(settings: Settings) -> Database:
    """The configured database, else the embedded one. Raises NotRunning where neither is there."""
    if settings.database_url is not None:
        return Database(settings.database)
    url = running_url(settings.data_dir)
    if url is None:
        message = f"Nothing runs on the data folder {settings.data_dir}: start it with `make up`, or set DATABASE_URL."
        raise NotRunning(message)
    return Database(url)


def with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Carry out `work` on the running installation. Raises NotRunning."""

    async def run() -> T:
        db = database_of(environment.load())
        try:
            return await work(db)
        finally:
            await db.aclose()

    return asyncio.run(run())


def in_transaction(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Carry out `work` in one transaction of the running installation. Raises NotRunning."""

    async def run(db: Database) -> T:
        async with db.transaction() as tx:
            return await work(tx)

    return with_database(run)
