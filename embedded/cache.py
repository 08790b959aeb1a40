"""Programs that are fetched or built once for all projects of this user."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from embedded.processes import Child
from embedded.progress import Say
from settings import SOURCE

SDK_SILENCE_S = 15.0
TELL_EVERY_S = 30.0


def cache_folder() -> Path:
    """`${XDG_CACHE_HOME:-~/.cache}/perennial`, made where it is missing."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    folder = (Path(base) if base else Path.home() / ".cache") / "perennial"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@asynccontextmanager
async def one_at_a_time(name: str) -> AsyncIterator[None]:
    """Hold a lock in the cache, so that two starts do not build the same thing."""
    with (cache_folder() / f"{name}.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                await asyncio.sleep(0.5)
            else:
                break
        yield


async def build(
    name: str, command: Sequence[str | Path], folder: Path, say: Say, environment: Mapping[str, str]
) -> str | None:
    """Run a program that makes something, telling now and then that it still does. Its last words when it failed."""
    child = Child.start(name, command, logs=folder, environment={**os.environ, **environment}, folder=folder)
    begun_s = told_s = time.monotonic()
    try:
        while child.status is None:
            await asyncio.sleep(0.2)
            if time.monotonic() - told_s > TELL_EVERY_S:
                told_s = time.monotonic()
                say(f"… still at it after {round(told_s - begun_s)} s ({child.log} shows it)")
    finally:
        await child.stop()
    return None if child.status == 0 else child.last_words()


async def sdk_download(kind: str) -> Path | None:
    """A server program from the Temporal SDK's own download: `dev` or `test`. None where it cannot be reached.

    It goes on for as long as the file grows, and is given up after 15 s in which nothing comes.
    """
    folder = cache_folder() / f"sdk-{kind}-server"
    folder.mkdir(exist_ok=True)
    if found := _program_in(folder):
        return found
    command = [sys.executable, "-m", "embedded.download", kind, str(folder)]
    child = Child.start(f"sdk-{kind}-download", command, logs=folder.parent, environment=os.environ, folder=SOURCE)
    size, heard_s = 0, time.monotonic()
    try:
        while child.status is None and time.monotonic() - heard_s < SDK_SILENCE_S:
            await asyncio.sleep(0.2)
            now = sum(file.stat().st_size for file in folder.iterdir())
            if now != size:
                size, heard_s = now, time.monotonic()
    finally:
        await child.stop()
    return _program_in(folder) if child.status == 0 else None


def _program_in(folder: Path) -> Path | None:
    programs = [file for file in folder.iterdir() if file.is_file() and os.access(file, os.X_OK)]
    return max(programs, key=lambda file: file.stat().st_mtime, default=None)
