"""Migrations, run by the supervisor before anything else starts."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

HERE = Path(__file__).parent / "migrations"
# Two starting processes must not migrate at once: a PostgreSQL advisory lock of our own number.
LOCK_ID = 7_233_001


def config(url: str) -> Config:
    """Alembic's configuration for a database URL (`%` is doubled for its parser)."""
    made = Config()
    made.set_main_option("script_location", str(HERE))
    made.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return made


def upgrade(url: str, schema: str | None = None) -> None:
    """Bring the database at `url` to the newest version. Safe to call from several processes at once."""
    options = {"options": f"-c search_path={schema}"} if schema else {}
    engine = create_engine(url, poolclass=NullPool, connect_args=options)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:id)"), {"id": LOCK_ID})
        connection.commit()
        made = config(url)
        made.attributes["connection"] = connection
        command.upgrade(made, "head")
        connection.commit()
        connection.execute(text("SELECT pg_advisory_unlock(:id)"), {"id": LOCK_ID})
        connection.commit()


def head() -> str | None:
    """The newest version that this code knows."""
    return ScriptDirectory(str(HERE)).get_current_head()


def current(connection: Connection) -> str | None:
    """The version that the database is at."""
    return MigrationContext.configure(connection).get_current_revision()
