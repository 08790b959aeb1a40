"""What every fault is judged by: how much of it, its seed, and what the witnesses outside the system saw."""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.faults.wire import Answer, Wire

FULL = os.environ.get("PERENNIAL_FAULTS") == "full"
SEED = os.environ.get("PERENNIAL_SEED") or secrets.token_hex(4)
RETRY_S = 0.5
# What comes in the end may take so many times as long on a machine that has other work: it is waited for, not measured.
PATIENCE = 4
T = TypeVar("T")


def of(quick: int, full: int) -> int:
    """How many: `quick`, or all of them with PERENNIAL_FAULTS=full."""
    return full if FULL else quick


def chance(fault: str) -> random.Random:
    """The one source of chance of a fault: the same seed gives the same story."""
    return random.Random(f"{SEED}/{fault}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a fault. `notes` says what else was counted."""

    fault: str
    lost: int
    duplicate: int
    of: int
    notes: str = ""

    def __str__(self) -> str:
        line = f"{self.fault}: lost {self.lost}, duplicate {self.duplicate}, of {self.of}, seed {SEED}"
        return f"{line} ({self.notes})" if self.notes else line

    @property
    def clean(self) -> bool:
        return not self.lost and not self.duplicate


def judge(fault: str, expected: Iterable[T], seen: Iterable[T], notes: str = "") -> Verdict:
    """Compare what must be, as often as it is named, with what was seen: too little is lost, too much is duplicate."""
    wanted, found = Counter(expected), Counter(seen)
    lost, more = wanted - found, found - wanted
    return Verdict(fault, lost.total(), more.total(), wanted.total(), notes)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the provider's log. `at` is the real time in seconds since 1970."""

    what: str
    at: float
    key: str
    to: str
    subject: str = ""
    unsubscribe: str = ""
    lane: str = ""


class ProviderLog:
    """The fake provider's own account: what it was asked, and what it accepted."""

    def __init__(self, path: Path) -> None:
        self._path, self._read = path, 0
        self._kinds: defaultdict[str, list[Line]] = defaultdict(list)
        self._people: defaultdict[str, list[Line]] = defaultdict(list)

    def lines(self, what: str, part: str = "") -> list[Line]:
        """The lines of a kind so far, of recipients whose address has `part` in it."""
        self._follow()
        return [line for line in self._kinds[what] if part in line.to]

    def about(self, to: str, what: str) -> list[Line]:
        """The lines of a kind about one recipient so far."""
        self._follow()
        return [line for line in self._people[to] if line.what == what]

    def accepted(self, part: str = "") -> list[tuple[str, str]]:
        """Recipient and subject of every message that was accepted."""
        return [(line.to, line.subject) for line in self.lines("accepted", part)]

    def _follow(self) -> None:
        with self._path.open("rb") as file:
            file.seek(self._read)
            for written in file:
                if not written.endswith(b"\n"):
                    break
                self._read += len(written)
                line = Line(**json.loads(written))
                self._kinds[line.what].append(line)
                self._people[line.to].append(line)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to tell. `headers` signs it anew each time. `name` is by what its sender knows it."""

    name: str
    path: str
    body: bytes
    headers: Callable[[], Mapping[str, str]]


@dataclass(slots=True)
class Sender:
    """A fake sender that logs every 2xx it got, and tells again what was not answered so, as vendors do."""

    wires: list[Wire]
    tries: int = 60
    taken: list[tuple[str, float, Answer]] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    async def tell(self, delivery: Delivery, *, wire: int = 0) -> Answer | None:
        """Until it is taken with a 2xx or redirect; None where it never was."""
        for _ in range(self.tries):
            answer = await self.once(delivery, wire=wire)
            if answer is not None and answer.status < 400:
                return answer
            await asyncio.sleep(RETRY_S)
        return None

    async def once(self, delivery: Delivery, *, wire: int = 0) -> Answer | None:
        """One attempt; None where no answer came."""
        try:
            answer = await self.wires[wire].post(delivery.path, delivery.body, delivery.headers())
        except OSError as error:
            self.others[type(error).__name__] += 1
            return None
        if answer.status < 400:
            self.taken.append((delivery.name, time.time(), answer))
        else:
            self.others[str(answer.status)] += 1
        return answer

    async def tell_all(self, deliveries: Iterable[Delivery], *, at_once: int = 8, pause_s: float = 0) -> None:
        """Several side by side, in their order; each worker of it pauses after every delivery."""
        waiting = iter(deliveries)

        async def work(number: int) -> None:
            for delivery in waiting:
                await self.tell(delivery, wire=number % len(self.wires))
                await asyncio.sleep(pause_s)

        await asyncio.gather(*(work(number) for number in range(at_once)))

    @property
    def names(self) -> list[str]:
        """What was taken, once for each 2xx."""
        return [name for name, _, _ in self.taken]


async def until(ask: Callable[[], Awaitable[T]], within_s: float, every_s: float = 0.25) -> T:
    """The answer once it is something, or what it is when the time is over; `within_s` is an idle machine's time."""
    deadline_s = time.monotonic() + within_s * PATIENCE
    while not (answer := await ask()) and time.monotonic() < deadline_s:  # noqa: ASYNC110 # what is asked is elsewhere
        await asyncio.sleep(every_s)
    return answer


def event(name: str, kind: str, email: str, key: str, **more: Any) -> Delivery:
    """One event to `POST /v1/events`, with its sender's own id."""
    body = json.dumps({"id": name, "type": kind, "email": email, **more}).encode()
    return Delivery(name, "/v1/events", body, lambda: bearer(key))


def batches(name: str, items: Iterable[Mapping[str, Any]], key: str, size: int = 50) -> list[Delivery]:
    """Events with ids of their own, in requests of several."""
    found = list(items)
    parts = [found[start : start + size] for start in range(0, len(found), size)]
    bodies = [json.dumps({"events": part}).encode() for part in parts]
    return [Delivery(f"{name}/{n}", "/v1/events", body, lambda: bearer(key)) for n, body in enumerate(bodies)]


def bearer(key: str) -> dict[str, str]:
    """The headers of a call with an API key."""
    return {"authorization": f"Bearer {key}", "content-type": "application/json"}
