"""The story's clock: waiting until a person's virtual day, and until something is so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from domain.clock import DAY_S, Clock
from domain.errors import PerennialError

T = TypeVar("T")
PATIENCE_S = 120.0


class Unheld(PerennialError):
    """The story could not go on: what was waited for did not come about. The message is for a person."""

    code = "unheld"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Virtual days from a real moment on, by the clock that the data was made on."""

    clock: Clock

    def moment(self, start: datetime, days: float) -> datetime:
        """The real moment of a virtual day that is counted from the real moment `start`."""
        return self.clock.real(self.clock.virtual(start) + timedelta(days=days))

    def days(self, start: datetime, moment: datetime) -> float:
        """How many virtual days lie between two real moments."""
        return (moment - start).total_seconds() * self.clock.factor / DAY_S

    async def until(self, start: datetime, days: float) -> None:
        """Wait for a virtual day; returns at once where it has passed."""
        wait = self.moment(start, days) - datetime.now(UTC)
        await asyncio.sleep(max(0.0, wait.total_seconds()))


async def eventually(
    ask: Callable[[], Awaitable[T | None]], what: str, *, within_s: float = PATIENCE_S, every_s: float = 0.25
) -> T:
    """The first answer that is something; asks again and again. Raises Unheld where none comes in time."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + within_s
    while True:
        answer = await ask()
        if answer:
            return answer
        if loop.time() > deadline_s:
            message = f"waited {within_s:.0f} s in vain for {what}"
            raise Unheld(message)
        await asyncio.sleep(every_s)


def moment_of(text: str) -> datetime:
    """A moment as the API writes it."""
    return datetime.fromisoformat(text)
