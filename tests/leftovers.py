"""The folders that test runs work in, and what a run that was killed left there."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path

import psutil

from embedded.account import account, place_for, socket_folder
from embedded.folder import left_over, make_folder
from embedded.processes import working_in

PREFIX = "perennial-tests-"


def new_folder(name: str) -> Path:
    """A folder for one server of this run; other users may cross it, as PostgreSQL must where we are root."""
    made = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-{name}-"))
    made.chmod(0o711)
    make_folder(made)
    return made


async def remove_folder(data_dir: Path) -> None:
    """End what still runs on it, and remove it with what PostgreSQL keeps elsewhere for it."""
    who = account(data_dir)
    place = place_for(data_dir, who)
    left = [*left_over(data_dir), *working_in(data_dir / "temporal")]
    for cluster in place.glob("cluster-*"):
        left += working_in(cluster)
    for each in left:
        await each.end(signal.SIGINT, signal.SIGQUIT, patience_s=5)
    for folder in (place, socket_folder(data_dir, who), data_dir):
        shutil.rmtree(folder, ignore_errors=True)


async def sweep() -> None:
    """Clear what runs that are dead by now left behind."""
    for folder in _abandoned():
        await remove_folder(folder)


def _abandoned() -> list[Path]:
    ours = [each for each in Path(tempfile.gettempdir()).glob(f"{PREFIX}*") if each.stat().st_uid == os.geteuid()]
    return [each for each in ours if not psutil.pid_exists(int(each.name.removeprefix(PREFIX).split("-")[0]))]
