"""The real servers that tests run against, each started once a run, when the first test asks for it."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from psycopg import sql
from temporalio.testing import WorkflowEnvironment
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from embedded.exit import leave
from embedded.ports import free_port
from embedded.postgres import Postgres, start_postgres
from embedded.progress import Progress
from embedded.temporal import Temporal, find_cli, start_temporal
from embedded.testserver import start_test_server
from engine import data_converter
from settings import variables
from store.db import Database
from store.migrate import upgrade
from tests.leftovers import new_folder, remove_folder, sweep

TEMPLATE = "template_of_tests"
# A server that is lost with the test run need not survive a power cut.
# Its own cleaning would now and then be at work in a database that is to be dropped, and nobody may stop that.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
STATUS = pytest.StashKey[int]()
# What shares a running product and plays its stories side by side: in two processes it would all be played twice.
TOGETHER = "tests/journeys/"
numbers = itertools.count(1)


class InWholeFiles(LoadScopeScheduling):
    """Each file goes to one process of a run, and `TOGETHER` does as if it were one file. Most tests come first."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(TOGETHER) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> InWholeFiles:
    """How tests are shared out under `--numprocesses`."""
    return InWholeFiles(config, log)


def pytest_configure() -> None:
    """Keep the person's own settings and keys out; end by SIGTERM as by Ctrl-C, with the servers stopped."""
    for name in variables():
        os.environ.pop(name, None)
    os.environ["PERENNIAL_ENV_FILE"] = os.devnull
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keep the status for the end."""
    session.config.stash[STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End with the run's own status: see `embedded.exit`. The summary is printed by now."""
    if STATUS in config.stash:
        leave(config.stash[STATUS])


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[Postgres]:
    """The embedded PostgreSQL. Tests take `database_url`."""
    await sweep()
    folder = new_folder("postgres")
    server = await start_postgres(folder, folder / "logs", Progress(), HASTY)
    try:
        yield server
    finally:
        await server.stop()
        await remove_folder(folder)


@pytest.fixture(scope="session")
def database_template(postgres: Postgres) -> str:
    """The name of a database with all migrations and no rows, to be copied."""
    _create(postgres.url, TEMPLATE)
    upgrade(_named(postgres.url, TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="module")
def database_url(postgres: Postgres, database_template: str) -> Iterator[str]:
    """A database of this test module's own, migrated and empty, as SQLAlchemy's URL for psycopg."""
    name = f"test_{next(numbers)}"
    _create(postgres.url, name, database_template)
    yield _named(postgres.url, name)
    with psycopg.connect(plain(postgres.url), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
async def db(database_url: str) -> AsyncIterator[Database]:
    """The store's own pool on the module's database."""
    database = Database(database_url)
    yield database
    await database.aclose()


@pytest.fixture(scope="session")
async def temporal_server() -> AsyncIterator[Temporal]:
    """Temporal's dev server with its UI and metrics. Tests that need no more than its address take `temporal`."""
    cli = await find_cli(None, Progress())
    folder = new_folder("temporal")
    server = await start_temporal(cli, folder, folder / "logs", port=free_port(), ui_port=free_port())
    try:
        yield server
    finally:
        await server.stop()
        await remove_folder(folder)


@pytest.fixture(scope="session")
def temporal(temporal_server: Temporal) -> str:
    """The address of Temporal's dev server."""
    return temporal_server.address


@pytest.fixture(scope="session")
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """Temporal's test server, on which a workflow's weeks pass at once; its client speaks as our own does."""
    environment = await start_test_server(Progress(), data_converter())
    try:
        yield environment
    finally:
        await asyncio.wait_for(environment.shutdown(), 60)


def plain(url: str) -> str:
    """SQLAlchemy's URL as libpq takes it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def _named(url: str, database: str) -> str:
    return url.replace("/perennial?", f"/{database}?")


def _create(url: str, name: str, template: str = "template1") -> None:
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute(command)
