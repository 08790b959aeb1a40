"""What a person does to a running installation from the command line: keys and users."""

from __future__ import annotations

import asyncio
import getpass
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

import settings as environment
from domain.errors import PerennialError
from embedded.postgres import running_url
from settings import Settings
from store import access
from store.access import Role
from store.db import Database

T = TypeVar("T")
RoleOption = Annotated[Role, typer.Option(help="what it may do")]

keys = typer.Typer(help="API keys of machines.", no_args_is_help=True)
users = typer.Typer(help="People who sign in to the dashboard.", no_args_is_help=True)


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


@keys.command("create")
def create_key(role: RoleOption = "marketer", name: str = "") -> None:
    """Make a key and print it; it is not shown again."""
    print(in_transaction(lambda tx: access.create_key(tx, role, name)))


@keys.command("list")
def list_keys() -> None:
    """List keys by their first characters."""
    for key in in_transaction(access.list_keys):
        state = "revoked" if key.revoked_at else "active"
        print(f"{key.prefix}  {key.role:9} {state:8} {key.name}")


@keys.command("revoke")
def revoke_key(prefix: str) -> None:
    """Revoke the key that begins with PREFIX; it stops working at once."""
    print(f"{in_transaction(lambda tx: access.revoke_key(tx, prefix))} revoked.")


@users.command("create")
def create_user(email: str, role: RoleOption = "marketer", name: str = "") -> None:
    """Make a person who can sign in. Asks for the password, or reads it from a pipe; an empty one is made up."""
    given = getpass.getpass("Password (empty: make one): ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    password = given or secrets.token_urlsafe(12)
    in_transaction(lambda tx: access.create_user(tx, email, role, password, name))
    print(f"{email} can sign in as {role}." + ("" if given else f" Password: {password}"))
