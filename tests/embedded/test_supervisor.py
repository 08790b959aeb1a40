"""One supervisor on real PostgreSQL and Temporal: what it starts, brings back, refuses and stops."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from temporalio.client import Client

from embedded.errors import CannotStart
from embedded.folder import hold, left_over
from embedded.ports import free_port
from embedded.processes import Identity
from embedded.supervisor import Running, running
from settings import Settings
from tests.conftest import plain
from tests.embedded.supervised import PROGRAMS
from tests.leftovers import new_folder, remove_folder

pytestmark = pytest.mark.timeout(300)


def settings_on(data_dir: Path, **values: Any) -> Settings:
    ports: dict[str, Any] = {"api_port": free_port(), "temporal_port": free_port(), "temporal_ui_port": free_port()}
    return Settings(_env_file=None, **{"data_dir": data_dir, "day_seconds": 2, **ports, **values})


@pytest.fixture(scope="module")
async def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
async def up(said: list[str]) -> AsyncIterator[Running]:
    folder = new_folder("supervised")
    try:
        async with running(settings_on(folder), workers=2, say=said.append, programs=PROGRAMS) as found:
            yield found
    finally:
        await remove_folder(folder)


async def eventually(condition: Callable[[], bool], within_s: float = 120) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - a process tells nobody in this loop
            await asyncio.sleep(0.05)


async def killed_and_back(up: Running, name: str) -> None:
    """Kill -9 one of them and wait for its successor."""
    before = up.pid(name)
    assert before is not None
    os.kill(before, signal.SIGKILL)
    await eventually(lambda: up.pid(name) not in {None, before})


async def rows(up: Running) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(plain(up.database_url), autocommit=True) as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 1 AS fact")
        return await (await connection.execute("SELECT fact FROM kept")).fetchall()


async def test_everything_that_it_names_can_be_reached(up: Running) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(up.api_url)).json() == {"pid": up.pid("api")}
        assert (await client.get(up.ui_url or "")).status_code == 200
        assert "service_requests" in (await client.get(up.temporal_metrics_url or "")).text
    assert await rows(up) == [(1,)]
    await Client.connect(up.temporal_address)


async def test_children_are_given_addresses_key_and_clock(up: Running) -> None:
    data_dir = up.settings.data_dir
    await eventually((data_dir / "given.json").exists)
    assert json.loads((data_dir / "given.json").read_text()) == {
        "DATABASE_URL": up.database_url,
        "TEMPORAL_ADDRESS": up.temporal_address,
        "PERENNIAL_SECRET_KEY": (data_dir / "secret_key").read_text(),
        "PERENNIAL_DAY_SECONDS": "2.0",
    }
    assert (data_dir / "secret_key").stat().st_mode & 0o777 == 0o600


async def test_each_child_leads_a_session_of_its_own(up: Running) -> None:
    pids = [up.pid(name) for name in ("postgres", "temporal", "api", "worker-1", "worker-2")]
    assert all(pid is not None and os.getsid(pid) == pid for pid in pids)


@pytest.mark.parametrize("name", ["api", "worker-2"])
async def test_what_dies_is_started_again(up: Running, name: str) -> None:
    await killed_and_back(up, name)


async def test_postgresql_comes_back_with_its_rows_under_the_same_address(up: Running) -> None:
    assert await rows(up) == [(1,)]
    await killed_and_back(up, "postgres")
    assert await rows(up) == [(1,)]


async def test_temporal_comes_back_under_the_same_address(up: Running) -> None:
    await killed_and_back(up, "temporal")
    await Client.connect(up.temporal_address)


async def test_a_second_one_on_the_same_data_is_refused_with_the_first_ones_pid(up: Running) -> None:
    with pytest.raises(CannotStart, match=rf"process {os.getpid()}\): stop that one, or set PERENNIAL_DATA_DIR"):
        async with running(up.settings, programs=PROGRAMS):
            pass


async def test_a_person_sees_what_is_going_on(up: Running, said: list[str]) -> None:
    assert up.pid("api") is not None
    heard = "\n".join(said)
    assert all(word in heard for word in ("Starting PostgreSQL", "Starting Temporal", "Starting the API", "worker 2"))


@pytest.mark.parametrize(
    ("field", "variable"),
    [
        ("api_port", "PERENNIAL_API_PORT"),
        ("temporal_port", "PERENNIAL_TEMPORAL_PORT"),
        ("temporal_ui_port", "PERENNIAL_TEMPORAL_UI_PORT"),
    ],
)
async def test_a_taken_port_is_one_sentence_that_names_its_variable(field: str, variable: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = settings_on(tmp_path / "data", **{field: taken.getsockname()[1]})
        with pytest.raises(CannotStart, match=f"or set {variable} to another port"):
            async with running(settings, programs=PROGRAMS):
                pass
    with hold(settings.data_dir):
        assert left_over(settings.data_dir) == []


async def test_your_own_servers_are_used_instead(database_url: str, temporal: str, tmp_path: Path) -> None:
    settings = settings_on(tmp_path / "data", DATABASE_URL=database_url, TEMPORAL_ADDRESS=temporal)
    async with running(settings, programs=PROGRAMS) as up:
        assert sorted(up.services) == ["api", "worker-1"]
        assert (up.database_url, up.temporal_address) == (database_url, temporal)


async def test_an_api_that_cannot_start_is_one_sentence_and_leaves_nothing(
    database_url: str, temporal: str, tmp_path: Path
) -> None:
    settings = settings_on(tmp_path / "data", DATABASE_URL=database_url, TEMPORAL_ADDRESS=temporal)
    broken = replace(PROGRAMS, api=("-c", "raise SystemExit('BadConfiguration: sequences/welcome.yaml:3')"))
    with pytest.raises(CannotStart, match=r"The API does not start: BadConfiguration: sequences/welcome.yaml:3"):
        async with running(settings, programs=broken):
            pass
    assert left_over(settings.data_dir) == []


async def test_everything_is_gone_afterwards(database_url: str, temporal: str, tmp_path: Path) -> None:
    settings = settings_on(tmp_path / "data", DATABASE_URL=database_url, TEMPORAL_ADDRESS=temporal)
    async with running(settings, programs=PROGRAMS) as up:
        pids = [up.pid(name) for name in up.services]
    assert [pid for pid in pids if pid and Identity.of(pid)] == []
