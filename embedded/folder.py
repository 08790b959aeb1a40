"""The data folder: held by one supervisor at a time, with the logs of its children and what still runs of them."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from embedded.errors import CannotStart
from embedded.processes import Identity

# In the environment of Temporal, API and workers: whose they are, also when the supervisor that knew them is gone.
MARK = "PERENNIAL_CHILD_OF"
KEPT_LOGS = 3
LOG_BYTES = 20_000_000


def make_folder(data_dir: Path) -> Path:
    """The data folder and its `logs`. It can be crossed, not listed: PostgreSQL may run as another user inside."""
    try:
        if not data_dir.exists():
            data_dir.mkdir(parents=True)
            data_dir.chmod(0o711)
        logs = data_dir / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CannotStart(
            f"The data folder {data_dir} cannot be made ({error.strerror}): set PERENNIAL_DATA_DIR to another."
        ) from None
    return logs


@contextmanager
def hold(data_dir: Path) -> Iterator[None]:
    """Keep every other supervisor off this folder; raises CannotStart with the pid of the one that has it.

    The kernel lets go of the lock when the process ends, however it ends.
    """
    with (data_dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise CannotStart(
                f"Perennial runs already on the data in {data_dir} (process {holder}): stop that one, "
                "or set PERENNIAL_DATA_DIR and the ports to others."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def left_over(data_dir: Path) -> list[Identity]:
    """Temporal, API and workers that a killed supervisor left running on this folder. (PostgreSQL looks for itself.)"""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == str(data_dir) and process.pid != os.getpid():
                found.append(Identity.of(process.pid))
    return [each for each in found if each is not None]


def rotate(logs: Path) -> None:
    """Put the logs of the last run aside: `api.log` becomes `api.log.1`, and so on up to three."""
    for log in logs.glob("*.log"):
        for number in range(KEPT_LOGS, 1, -1):
            older = log.with_name(f"{log.name}.{number - 1}")
            if older.exists():
                older.replace(log.with_name(f"{log.name}.{number}"))
        log.replace(log.with_name(f"{log.name}.1"))


def trim(logs: Path) -> None:
    """Put aside what a long run has written once a log is over 20 MB; its writer appends, so goes on at the start."""
    for log in logs.glob("*.log"):
        if log.stat().st_size > LOG_BYTES:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
