"""What the supervisor keeps running: how each is started, and started again when it dies."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from embedded.errors import CannotStart
from embedded.processes import POLL_S, Child
from embedded.progress import Say

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
# One that has lived for this long is started again at once the next time.
SETTLED_S = 60.0


class Server(Protocol):
    """Something that runs: a process, and its own way to end."""

    @property
    def child(self) -> Child: ...

    async def stop(self) -> None: ...


S = TypeVar("S", bound=Server)


@dataclass(frozen=True, slots=True)
class Program:
    """A child that ends by SIGTERM, as API and workers do."""

    child: Child
    patience_s: float = 20.0

    async def stop(self) -> None:
        """Let it finish what it has in hand, for `patience_s` at most."""
        await self.child.stop(signal.SIGTERM, patience_s=self.patience_s)


class Service(Generic[S]):
    """One server and its successors."""

    def __init__(self, name: str, start: Callable[[], Awaitable[S]], say: Say) -> None:
        self.name = name
        self.restarts = 0
        self._start = start
        self._say = say
        self._server: S | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The pid of the one that runs now."""
        alive = self._server is not None and self._server.child.status is None
        return self._server.child.pid if alive and self._server else None

    @property
    def server(self) -> S:
        """The one that runs, or ran last."""
        if self._server is None:
            raise CannotStart(f"{self.name} was never started.")
        return self._server

    async def start(self) -> S:
        """Start it, and keep it running from now on."""
        self._server = await self._start()
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.name}")
        return self._server

    async def stop(self) -> None:
        """Stop keeping it, and it."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._server is not None:
            await self._server.stop()

    async def _keep(self) -> None:
        failures, begun_s = 0, time.monotonic()
        while True:
            while self.pid is not None:  # noqa: ASYNC110 # a process tells nobody in this loop that it ended
                await asyncio.sleep(POLL_S)
            child = self.server.child
            failures = 0 if time.monotonic() - begun_s > SETTLED_S else failures + 1
            pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** max(0, failures - 1))
            self._say(f"{self.name} ended ({_how(child)}), starting it again in {pause_s:g} s; see {child.log}")
            await asyncio.sleep(pause_s)
            begun_s = time.monotonic()
            try:
                self._server = await self._start()
            except CannotStart as error:
                self._say(str(error))
                continue
            self.restarts += 1
            self._say(f"{self.name} runs again")


def _how(child: Child) -> str:
    status = child.status or 0
    return f"signal {-status}" if status < 0 else f"exit status {status}"
