"""What every part of the story works with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from os import kill
from signal import SIGCONT, SIGSTOP
from typing import Protocol

from demo.calendar import PATIENCE_S, Calendar, eventually
from demo.client import Api
from demo.promises import Promises
from demo.senders import Senders
from demo.witness import Witness
from domain.reasons import spoken
from embedded.progress import Say
from embedded.supervisor import Running
from store.journeys import Journey
from store.messages import Message

# No wait in the story is longer: it ends where nothing comes any more.
LONGEST = timedelta(days=90)
# The two who decide on drafts.
NADIA, TOM = "Nadia", "Tom"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the story; `about` says in a line what happens to them."""

    name: str
    email: str
    about: str


@dataclass(slots=True)
class Stage:
    """The running product, seen from outside, and one look into its database."""

    running: Running
    senders: Senders
    api: Api
    witness: Witness
    calendar: Calendar
    say: Say
    people: list[Person] = field(default_factory=list)
    start: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def longest_s(self) -> float:
        """How long to wait for the end of something, in real seconds."""
        return PATIENCE_S + self.calendar.clock.real_span(LONGEST).total_seconds()

    async def until(self, day: float) -> None:
        """Wait for a virtual day of the story itself."""
        await self.calendar.until(self.start, day)

    def person(self, name: str, about: str, *, tag: str = "") -> Person:
        """Somebody new; `tag` tells the outbox's mailbox simulator how the mailbox behaves."""
        local = f"{name.lower()}+{tag}" if tag else name.lower()
        found = Person(name, f"{local}@people.example", about)
        self.people.append(found)
        return found

    async def journey(self, person: Person, sequence: str, number: int = 1) -> Journey:
        """A person's journey in a sequence, once there is one. Raises Unheld."""
        return await eventually(
            lambda: self.witness.journey(person.email, sequence, number), f"{person.name}'s journey in {sequence}"
        )

    async def ended(self, person: Person, sequence: str, number: int = 1) -> Journey:
        """The journey once it is over. Raises Unheld."""

        async def ask() -> Journey | None:
            found = await self.witness.journey(person.email, sequence, number)
            return found if found is not None and found.ended_at is not None else None

        what = f"the end of {person.name}'s {sequence}"
        return await eventually(ask, what, within_s=self.longest_s, every_s=0.5)

    async def begin(self, person: Person, sequence: str) -> datetime:
        """Day 0 of the person's first journey in a sequence."""
        return (await self.journey(person, sequence)).started_at

    async def sent(self, person: Person, step: str) -> Message:
        """The person's first message of a step, once it went out. Raises Unheld."""

        async def ask() -> Message | None:
            found = await self.witness.message(person.email, step)
            return found if found is not None and found.state == "sent" else None

        return await eventually(ask, f"{person.name}'s {spoken(step)}")

    @contextmanager
    def frozen(self, *services: str) -> Iterator[None]:
        """Hold processes still, as a machine does that is out of breath, and let them go on."""
        pids = [pid for name in services if (pid := self.running.pid(name)) is not None]
        try:
            for pid in pids:
                kill(pid, SIGSTOP)
            yield
        finally:
            for pid in pids:
                kill(pid, SIGCONT)

    @property
    def workers(self) -> list[str]:
        """The names of the worker processes."""
        return [name for name in self.running.services if name.startswith("worker-")]


class Part(Protocol):
    """One part of the story: played once, checked when everything is over."""

    title: str

    async def play(self, stage: Stage) -> None:
        """Do what people and vendors do. Raises Unheld where the story cannot go on."""
        ...

    async def check(self, stage: Stage, promises: Promises) -> None:
        """Compare what is there with what was promised."""
        ...
