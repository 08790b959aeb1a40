"""A test run leaves nothing behind, however it ends, and ends with its own status."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from settings import SOURCE
from tests.leftovers import PREFIX, sweep

WAITING = (
    "import time\nimport psycopg\n\ndef test_it(postgres):\n    print('READY', flush=True)\n    time.sleep({seconds})\n"
)


def start(folder: Path, text: str) -> subprocess.Popen[str]:
    path = folder / "test_inner.py"
    path.write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "-p", "no:alembic"]
    return subprocess.Popen(
        [*command, "-c", str(SOURCE / "pyproject.toml"), f"--rootdir={SOURCE}", "-p", "tests.conftest", str(path)],
        cwd=SOURCE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def folders_of(process: subprocess.Popen[str]) -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"{PREFIX}{process.pid}-*"))


def until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    heard = []
    for line in process.stdout:
        heard.append(line)
        if "READY" in line:
            return
    raise AssertionError("".join(heard))


@pytest.mark.parametrize("told_by", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_stop_stops_its_servers(tmp_path: Path, told_by: signal.Signals) -> None:
    process = start(tmp_path, WAITING.format(seconds=60))
    until_ready(process)
    assert folders_of(process)
    os.kill(process.pid, told_by)
    output, _ = process.communicate(timeout=180)
    assert process.returncode == 2, output
    assert "no tests ran" in output
    assert folders_of(process) == []


async def test_what_a_killed_run_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    process = start(tmp_path, WAITING.format(seconds=60))
    until_ready(process)
    process.kill()
    process.wait()
    assert folders_of(process)
    await sweep()
    assert folders_of(process) == []


@pytest.mark.parametrize(("body", "status"), [("pass", 0), ("assert False", 1)])
def test_a_run_ends_with_its_own_status_after_its_summary(tmp_path: Path, body: str, status: int) -> None:
    process = start(tmp_path, f"import temporalio.client\n\ndef test_it():\n    {body}\n")
    output, _ = process.communicate(timeout=180)
    assert process.returncode == status, output
    assert f"1 {'failed' if status else 'passed'}" in output
