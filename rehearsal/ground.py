"""A world of its own for each rehearsal: a schema of the database in which no table of the real one can be named."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import psycopg
from psycopg import sql

from domain.errors import PerennialError
from store.db import Database
from store.migrate import upgrade

PREFIX = "rehearsal_"
_NAMES = sql.SQL("SELECT nspname FROM pg_namespace WHERE nspname ~ '^rehearsal_[0-9a-f]{12}$'")


class NoGround(PerennialError):
    """The database gives no room for a rehearsal."""

    code = "no_ground"
    status = 503


@asynccontextmanager
async def ground(url: str) -> AsyncIterator[Database]:
    """An empty, migrated schema; it goes at the end, or with the next rehearsal where this one was killed."""
    name = f"{PREFIX}{uuid4().hex[:12]}"
    plain = re.sub(r"^postgresql\+psycopg://", "postgresql://", url)
    async with await psycopg.AsyncConnection.connect(plain, autocommit=True) as owner:
        await _sweep(owner)
        try:
            # Held for as long as this connection lives: so the next one knows what was left behind.
            await owner.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
            await owner.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            message = "The database's role may not make schemas: GRANT CREATE ON DATABASE … TO it, for rehearsals."
            raise NoGround(message) from None
        db = Database(url, schema=name, pool_size=8)
        try:
            await asyncio.to_thread(upgrade, url, name)
            yield db
        finally:
            await db.aclose()
            await owner.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))


async def _sweep(owner: psycopg.AsyncConnection) -> None:
    """Take away what rehearsals that were killed left behind."""
    for (name,) in await (await owner.execute(_NAMES)).fetchall():
        taken = await owner.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        if (await taken.fetchone() or (False,))[0]:
            await owner.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
            await owner.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
