"""What the stories are played with: people, the product's API, waiting by the calendar, a look at tables."""

from __future__ import annotations

import asyncio
import os
import signal
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from temporalio.client import Client

from demo.calendar import eventually, moment_of
from demo.client import Api, Json
from demo.senders import Senders
from embedded.supervisor import Running
from store.db import Database
from tests.journeys.breath import day_s

# How long anything may take on a machine that has other work: longer than the longest sequence with the longest days.
PATIENCE_S = 400.0
POLL_S = 0.4


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a story. Names are such as no program has in it, so that they are found wherever they leak."""

    first_name: str
    name: str
    email: str
    company: str
    words: str

    @property
    def secrets(self) -> list[str]:
        """All that must not be where personal data must not be."""
        return [self.first_name, self.name, self.email, self.email.partition("@")[0], self.company, self.words]


@dataclass(slots=True)
class Town:
    """The running product. `undisturbed` is held by who needs hours, or stops a process."""

    running: Running
    http: httpx.AsyncClient
    senders: Senders
    api: Api
    db: Database
    temporal: Client
    people: list[Person] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    undisturbed: asyncio.Lock = field(default_factory=asyncio.Lock)

    def person(self, first_name: str, *, tag: str = "") -> Person:
        """Somebody new; `tag` tells the outbox's mailbox simulator how the mailbox behaves."""
        plain = unicodedata.normalize("NFKD", first_name).encode("ascii", "ignore").decode().lower()
        local = f"{plain}+{tag}" if tag else plain
        made = Person(
            first_name,
            f"{first_name} Quastenflöte",
            f"{local}@{plain}.people.example",
            f"{first_name} & Söhne Manufaktur",
            f"Here is what only {first_name} would write.",
        )
        assert made.email not in {each.email for each in self.people}
        self.people.append(made)
        return made

    async def lead(self, person: Person, **more: str) -> httpx.Response:
        """The contact form of a site, posted by its script."""
        fields = {"email": person.email, "first_name": person.first_name, "company": person.company}
        return await self.senders.json_form("contact", **fields, message=person.words, **more)

    async def until(self, start: datetime, day: float) -> None:
        """Wait for a virtual day after a real moment; returns at once where it has passed."""
        wait = start + timedelta(seconds=day * day_s()) - datetime.now(UTC)
        await asyncio.sleep(max(0.0, wait.total_seconds()))

    async def journey(self, person: Person, sequence: str, number: int = 1) -> Json:
        """A person's journey in a sequence, once there is one."""

        async def ask() -> Json | None:
            rows = await self.api.journeys(person.email, sequence)
            return rows[number - 1] if len(rows) >= number else None

        return await eventually(ask, f"journey {number} of {person.email} in {sequence}", every_s=POLL_S)

    async def begin(self, person: Person, sequence: str) -> datetime:
        """Day 0 of the person's first journey in a sequence."""
        return moment_of((await self.journey(person, sequence))["started_at"])

    async def ended(self, person: Person, sequence: str, number: int = 1) -> Json:
        """The journey once it is over."""

        async def ask() -> Json | None:
            row = await self.journey(person, sequence, number)
            return row if row["ended_at"] else None

        what = f"the end of journey {number} of {person.email} in {sequence}"
        return await eventually(ask, what, within_s=PATIENCE_S, every_s=POLL_S)

    async def sent(self, person: Person, step: str) -> Json:
        """The person's message of a step, once it went out."""

        async def ask() -> Json | None:
            rows = await self.api.all(f"/v1/contacts/{await self.api.id_of(person.email)}/messages")
            return next((row for row in rows if (row["step"], row["state"]) == (step, "sent")), None)

        return await eventually(ask, f"{step} to {person.email}", within_s=PATIENCE_S, every_s=POLL_S)

    async def not_entered(self, person: Person, sequence: str) -> list[str]:
        """Why a person was not taken into a sequence, each time."""
        entries = await self.api.timeline(person.email)
        return [
            entry["reason"]
            for entry in entries
            if entry["title"] == "not_entered" and entry["details"]["target"] == sequence
        ]

    @contextmanager
    def frozen(self, *services: str) -> Iterator[None]:
        """Hold processes still, and let them go on."""
        pids = [pid for name in services if (pid := self.running.pid(name)) is not None]
        try:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    async def settled(self) -> Json:
        """The counters, once no draft waits and no journey waits for anything but a person's demo."""

        async def ask() -> Json | None:
            journeys = await self.api.all("/v1/journeys", state="open")
            reviews = await self.api.all("/v1/reviews")
            over = all(row["state"] == "paused" for row in journeys) and not any(_waits(row) for row in reviews)
            found = await self.api.get("/v1/counters")
            return found if over and not (found["waiting"] or found["calling"] or found["claimed"]) else None

        return await eventually(ask, "everything to be over", within_s=PATIENCE_S, every_s=1.0)


def _waits(review: Json) -> bool:
    """Whether something will still become of it."""
    return review["state"] in {"pending", "regenerated"} or (
        review["state"] == "approved" and not review["published_at"]
    )


def days(start: str, moment: str) -> float:
    """Virtual days between two real moments as the API writes them."""
    return (moment_of(moment) - moment_of(start)).total_seconds() / day_s()


def due(journey: Json, mails: list[Json]) -> list[tuple[float, str]]:
    """For which day of its journey each mail was due, with its step."""
    return [(round(days(journey["started_at"], mail["due_at"]), 2), mail["step"]) for mail in mails]


def of_journey(mails: list[Json], journey: Json) -> dict[str, Json]:
    """The mails of one journey by their step."""
    return {mail["step"]: mail for mail in mails if mail["journey_id"] == journey["id"]}
