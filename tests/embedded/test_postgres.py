"""The embedded PostgreSQL: private, durable, and back after every way to die."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from embedded.account import account, place_for, readable_programs
from embedded.errors import CannotStart
from embedded.folder import make_folder
from embedded.postgres import Postgres, start_postgres
from embedded.processes import Account, Identity
from embedded.progress import quiet
from settings import SOURCE
from tests.conftest import plain
from tests.leftovers import new_folder, remove_folder

NOBODY = 65_534
# A kill -9 loses nothing by it, only a power cut would.
QUICK = {"fsync": "off"}


@pytest.fixture
async def data_dir() -> AsyncIterator[Path]:
    folder = new_folder("pg")
    yield folder
    await remove_folder(folder)


async def started(data_dir: Path) -> Postgres:
    return await start_postgres(data_dir, data_dir / "logs", quiet, QUICK)


def fetch(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(plain(url), autocommit=True) as connection:
        found = connection.execute(statement.encode())
        return found.fetchall() if found.description else []


def test_it_is_postgresql_18_and_we_are_no_superuser(postgres: Postgres) -> None:
    assert fetch(postgres.url, "SELECT current_setting('server_version_num')::int / 10000") == [(18,)]
    assert fetch(postgres.url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [(False,)]


def test_it_listens_on_no_network(postgres: Postgres) -> None:
    assert fetch(postgres.url, "SELECT current_setting('listen_addresses')") == [("",)]


def test_only_its_own_user_may_enter_the_folder_of_its_socket(postgres: Postgres) -> None:
    assert postgres.socket.stat().st_mode & 0o777 == 0o700
    assert len(str(postgres.socket / ".s.PGSQL.5432")) < 100


@pytest.mark.parametrize("user", ["perennial", "postgres"])
def test_nobody_is_let_in_without_the_password(postgres: Postgres, user: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(postgres.socket), user=user, dbname="postgres", password="guess")


def test_the_database_speaks_utf_8_and_utc(postgres: Postgres) -> None:
    assert fetch(postgres.url, "SELECT current_setting('server_encoding'), current_setting('timezone')") == [
        ("UTF8", "UTC")
    ]


async def test_rows_outlive_a_kill_9_of_everything(data_dir: Path) -> None:
    first = await started(data_dir)
    assert fetch(first.url, "CREATE TABLE kept (fact int)") == []
    assert fetch(first.url, "INSERT INTO kept VALUES (42) RETURNING fact") == [(42,)]
    os.kill(first.child.pid, signal.SIGKILL)
    second = await started(data_dir)
    assert second.url == first.url
    assert fetch(second.url, "SELECT fact FROM kept") == [(42,)]
    await second.stop()


async def test_a_server_that_was_left_running_is_ended_before_the_next(data_dir: Path) -> None:
    first = await started(data_dir)
    second = await started(data_dir)
    assert first.child.status == 0
    assert fetch(second.url, "SELECT 1") == [(1,)]
    await second.stop()


async def test_a_note_with_a_pid_that_is_somebody_elses_now_is_no_obstacle(data_dir: Path) -> None:
    first = await started(data_dir)
    await first.stop()
    place = place_for(data_dir, account(data_dir))
    (place / "cluster-18" / "postmaster.pid").write_text(f"{os.getpid()}\n{place / 'cluster-18'}\n1\n5432\n\n\n")
    second = await started(data_dir)
    assert Identity.of(os.getpid())
    assert fetch(second.url, "SELECT 1") == [(1,)]
    await second.stop()
    assert not second.socket.exists()


async def test_a_start_that_was_broken_off_is_begun_anew(data_dir: Path) -> None:
    who = account(data_dir)
    unfinished = place_for(data_dir, who) / "cluster.new"
    unfinished.mkdir(mode=0o700)
    (unfinished / "PG_VERSION").write_text("18\n")
    if who:
        os.chown(unfinished, who.uid, who.gid)
    server = await started(data_dir)
    await server.stop()


async def test_a_data_folder_that_was_deleted_and_made_again_begins_anew(tmp_path: Path) -> None:
    # Where we are root nobody else can enter this one, so that the data lies in root's own place.
    data_dir = tmp_path / "var"
    places = []
    for _ in range(2):
        make_folder(data_dir)
        server = await started(data_dir)
        places.append(place_for(data_dir, account(data_dir)))
        assert fetch(server.url, "CREATE TABLE kept (fact int)") == []
        await server.stop()
        shutil.rmtree(data_dir)
    for place in places:
        shutil.rmtree(place, ignore_errors=True)


async def test_a_server_that_cannot_start_is_one_sentence_with_its_own_words(data_dir: Path) -> None:
    server = await started(data_dir)
    await server.stop()
    with pytest.raises(CannotStart, match=r"PostgreSQL does not start: .*work_mem.*postgres\.log"):
        await start_postgres(data_dir, data_dir / "logs", quiet, {**QUICK, "work_mem": "heaps"})


ORDINARY = """
import asyncio, os, sys
from pathlib import Path
import psycopg
from embedded.postgres import start_postgres
from embedded.progress import quiet
async def once(folder):
    server = await start_postgres(folder, folder / "logs", quiet, {"fsync": "off"})
    with psycopg.connect(server.url.replace("+psycopg", "")) as connection:
        connection.execute("SELECT 1")
    await server.stop()
    return os.stat(folder / "postgres").st_uid
if os.geteuid() == 0:
    asyncio.run(once(Path(sys.argv[2])))  # so that everything is loaded that this user may not read
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    sys.path.insert(0, sys.argv[3])
assert asyncio.run(once(Path(sys.argv[1]))) == os.geteuid() != 0
"""


async def test_an_ordinary_user_needs_nothing_of_roots(data_dir: Path) -> None:
    warm = new_folder("warm")
    programs = readable_programs(Account(NOBODY, NOBODY) if os.geteuid() == 0 else None)
    if os.geteuid() == 0:
        for folder in (data_dir, data_dir / "logs"):
            os.chown(folder, NOBODY, NOBODY)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ORDINARY, data_dir, warm, programs.parents[2]),
        cwd=SOURCE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate()
    await remove_folder(warm)
    assert process.returncode == 0, complaint.decode()
