"""Migrations: up, down and up again, and the models are what the database has."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

from store.migrate import config, current, head, upgrade
from store.tables import metadata


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = create_engine(database_url, poolclass=NullPool)
    yield made
    made.dispose()


def test_the_models_are_what_the_migrations_make(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        assert compare_metadata(context, metadata) == []


def test_down_leaves_nothing_and_up_again_makes_everything(database_url: str, engine: Engine) -> None:
    command.downgrade(config(database_url), "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    upgrade(database_url)
    assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    with engine.connect() as connection:
        assert current(connection) == head()


def test_processes_that_start_together_migrate_once(database_url: str, engine: Engine) -> None:
    command.downgrade(config(database_url), "base")
    with ThreadPoolExecutor(4) as together:
        list(together.map(upgrade, [database_url] * 4))
    with engine.connect() as connection:
        assert current(connection) == head()
