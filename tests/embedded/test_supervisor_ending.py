"""How a supervisor ends: told once, told early, or killed; and what the next one does about it."""

from __future__ import annotations

import ast
import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedded.account import account, place_for
from embedded.folder import left_over
from embedded.ports import free_port
from embedded.processes import Identity, working_in
from settings import SOURCE
from tests.leftovers import new_folder, remove_folder

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def data_dir() -> AsyncIterator[Path]:
    folder = new_folder("ending")
    yield folder
    await remove_folder(folder)


@pytest.fixture
def environment(data_dir: Path) -> dict[str, str]:
    ports = {f"PERENNIAL_{name}_PORT": str(free_port()) for name in ("API", "TEMPORAL", "TEMPORAL_UI")}
    return {**os.environ, **ports, "PERENNIAL_DATA_DIR": str(data_dir)}


def start(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.embedded.supervised"],
        cwd=SOURCE,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def read_until(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if word in line:
            return line
    raise AssertionError(f"it ended without saying {word}")


def pids_of(process: subprocess.Popen[str]) -> dict[str, int]:
    line = read_until(process, "READY")
    return dict(ast.literal_eval(re.sub(r"^READY \d+ ", "", line)))


def alive(data_dir: Path) -> list[Identity]:
    cluster = place_for(data_dir, account(data_dir)) / "cluster-18"
    return [*left_over(data_dir), *working_in(cluster)]


async def test_one_ctrl_c_stops_everything_and_impatience_does_no_harm(
    environment: dict[str, str], data_dir: Path
) -> None:
    process = start(environment)
    pids = pids_of(process)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.1)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert "Still stopping" in output
    assert [name for name, pid in pids.items() if Identity.of(pid)] == []
    assert alive(data_dir) == []


@pytest.mark.parametrize("word", ["Making a PostgreSQL", "Starting Temporal"])
async def test_a_signal_while_it_starts_leaves_nothing(environment: dict[str, str], data_dir: Path, word: str) -> None:
    process = start(environment)
    read_until(process, word)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert alive(data_dir) == []


async def test_after_a_kill_9_the_next_start_ends_what_was_left_and_runs(environment: dict[str, str]) -> None:
    first = start(environment)
    before = pids_of(first)
    first.kill()
    first.wait()
    assert all(Identity.of(pid) for pid in before.values())
    second = start(environment)
    after = pids_of(second)
    assert [name for name, pid in before.items() if Identity.of(pid)] == []
    assert set(after) == set(before)
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=120)
    assert second.returncode == 0
