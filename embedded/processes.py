"""One child process: started in a session of its own, logged to a file, known again after a crash."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

POLL_S = 0.05
# The start time that the system reports may move a little when the machine's clock is set.
SAME_START_S = 2.0


@dataclass(frozen=True, slots=True)
class Identity:
    """A process for ever: a pid alone is used again. `started_at` is in seconds since 1970."""

    pid: int
    started_at: float

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """The process that has this pid now, if any that still runs."""
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE:
                return cls(pid=pid, started_at=process.create_time())
        return None

    def alive(self) -> bool:
        """Whether this very process still runs."""
        now = Identity.of(self.pid)
        return now is not None and abs(now.started_at - self.started_at) < SAME_START_S

    async def end(self, *signals: signal.Signals, patience_s: float = 10.0) -> None:
        """Send each signal in turn until the process is gone, and at last SIGKILL to its whole group."""
        if not self.alive():
            return
        for each in signals:
            self._send(each)
            if await gone(self, within_s=patience_s):
                break
        # A child of the child may have outlived it; the group is ours alone, since each child leads a session.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        await gone(self, within_s=patience_s)

    def _send(self, which: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, which)


async def gone(identity: Identity, *, within_s: float) -> bool:
    """Whether the process ends within the time."""
    deadline_s = time.monotonic() + within_s
    while identity.alive():
        if time.monotonic() > deadline_s:
            return False
        await asyncio.sleep(POLL_S)
    return True


def working_in(folder: Path) -> list[Identity]:
    """The processes whose working folder this is, as far as we may know."""
    here = str(folder.resolve())
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cwd() == here:
                found.append(Identity.of(process.pid))
    return [each for each in found if each is not None]


@dataclass(frozen=True, slots=True)
class Account:
    """Another user that a child runs as."""

    uid: int
    gid: int


class Child:
    """A running child. `name` is also the name of its log file."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self.identity = Identity.of(process.pid) or Identity(process.pid, time.time())
        self._process = process

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str | Path],
        *,
        logs: Path,
        environment: Mapping[str, str],
        folder: Path,
        account: Account | None = None,
    ) -> Self:
        """Start a command in its own session; its output goes to the end of `{logs}/{name}.log`."""
        log = logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 # our own commands, no shell
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(environment),
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        return self.identity.pid

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    async def stop(self, *signals: signal.Signals, patience_s: float = 10.0) -> None:
        """End it: SIGTERM unless other signals are named, SIGKILL at last. Returns when it is gone."""
        if self.status is None:
            await self.identity.end(*(signals or (signal.SIGTERM,)), patience_s=patience_s)
        await asyncio.to_thread(self._process.wait)

    def last_words(self) -> str:
        """The line of its log that says best why it ended: the last with an error in it, else the last."""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 4_096))
            lines = [line.strip() for line in file.read().decode(errors="replace").split("\n") if line.strip()]
        errors = [line for line in lines if "FATAL" in line or "rror" in line]
        return (errors or lines or ["it said nothing"])[-1]
