"""The one way to PostgreSQL: an engine, and transactions that commit or leave nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from domain.errors import NotDurable

POOL_SIZE = 16
POOL_WAIT_S = 5.0
CONNECT_TIMEOUT_S = 3
STATEMENT_TIMEOUT_MS = 15_000
SECRET = "secret"  # noqa: S105 - under which name a session holds it


def is_outage(error: DBAPIError) -> bool:
    """Whether PostgreSQL went away, shuts down, starts up or gave up on a statement for reasons that pass."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError)) or state[:2] == "08"


class Database:
    """A pool of connections. `transaction()` is the only thing that commits. `schema`: another than the usual one.

    `secret` is what people who were erased are recognised by (store/keyed.py); it never reaches the database.

    Raises `NotDurable` where PostgreSQL cannot be reached or went away before the commit was answered,
    so that the sender of what was to be stored is asked to send it again.
    """

    def __init__(self, url: str, *, pool_size: int = POOL_SIZE, schema: str | None = None, secret: str = "") -> None:
        self._info = {SECRET: secret}
        place = f" -c search_path={schema}" if schema else ""
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_WAIT_S,
            hide_parameters=True,  # an error's text reaches logs, and parameters are people's data
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC{place}",
            },
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed at the end of the block, or rolled back by any exception."""
        try:
            async with AsyncSession(self.engine, expire_on_commit=False, info=self._info) as session, session.begin():
                yield session
        except DBAPIError as error:
            if is_outage(error):
                raise NotDurable("The database cannot be reached; please send this again.") from error
            raise
        except (PoolTimeoutError, OSError) as error:
            raise NotDurable("The database is busy or away; please send this again.") from error

    async def aclose(self) -> None:
        """Close every pooled connection."""
        await self.engine.dispose()
