"""Ending a process: its own status, its own clean-up, no crash after all is done."""

from __future__ import annotations

import subprocess
import sys

import pytest

from settings import SOURCE


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=SOURCE, capture_output=True, text=True, timeout=180, check=False
    )


@pytest.mark.parametrize("status", [0, 3])
def test_the_status_is_its_own_and_everything_that_was_said_is_heard(status: int) -> None:
    done = run(f"import embedded.exit, sys; print('out'); sys.stderr.write('err'); embedded.exit.leave({status})")
    assert (done.returncode, done.stdout, done.stderr) == (status, "out\n", "err")


def test_what_was_registered_for_the_end_is_done() -> None:
    done = run("import atexit, embedded.exit; atexit.register(print, 'cleaned'); embedded.exit.leave(0)")
    assert done.stdout == "cleaned\n"


def test_logs_are_written_out() -> None:
    program = (
        "import logging.handlers, sys, embedded.exit;"
        "target = logging.StreamHandler(sys.stdout);"
        "logging.getLogger().addHandler(logging.handlers.MemoryHandler(100, target=target));"
        "logging.warning('kept');"
        "embedded.exit.leave(0)"
    )
    assert run(program).stdout == "kept\n"


def test_a_reader_that_has_gone_is_no_failure() -> None:
    program = "import embedded.exit, time; print('x'); time.sleep(0.5); embedded.exit.leave(0)"
    done = subprocess.run(
        ["/bin/bash", "-c", f'set -o pipefail; PYTHONUNBUFFERED= {sys.executable} -c "{program}" | true'],
        cwd=SOURCE,
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
