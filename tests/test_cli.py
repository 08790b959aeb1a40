"""The command `perennial`, run as a person runs it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from settings import SOURCE


def perennial(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(SOURCE), "PERENNIAL_DATA_DIR": str(folder / "var"), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_help_lists_the_commands(tmp_path: Path) -> None:
    done = perennial("--help", folder=tmp_path)
    assert done.returncode == 0
    assert all(command in done.stdout for command in ("up", "demo", "migrate", "keys", "users", "sequences"))


def test_an_unknown_command_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    assert perennial("fly", folder=tmp_path).returncode == 2


@pytest.mark.parametrize("command", ["up", "migrate"])
def test_a_bad_setting_ends_with_one_sentence(command: str, tmp_path: Path) -> None:
    done = perennial(command, folder=tmp_path, PERENNIAL_API_PORT="http")
    assert done.returncode == 1
    assert done.stderr.startswith("PERENNIAL_API_PORT cannot be used: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_taken_port_ends_with_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = perennial("up", folder=tmp_path, PERENNIAL_TEMPORAL_PORT=port)
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in done.stderr
    assert "PERENNIAL_TEMPORAL_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_migrating_says_which_variable_is_missing(tmp_path: Path) -> None:
    done = perennial("migrate", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "DATABASE_URL must be set" in done.stderr


def test_migrating_may_be_said_again(tmp_path: Path, database_url: str) -> None:
    for _ in range(2):
        done = perennial("migrate", folder=tmp_path, DATABASE_URL=database_url)
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("The database is up to date.\n")
