"""A stage on which it is any time of any day, while the real clock goes on beneath it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from domain.clock import Clock
from domain.marketing import Limits
from domain.sequences import Sequence
from store.base import now
from store.contacts import Contact
from store.journeys import Journey
from store.messages import Message
from tests.core_kit import World, marketing, somebody

BERLIN = "Europe/Berlin"
NOON = datetime(2026, 6, 3, 10, tzinfo=UTC)  # a Wednesday; noon in Berlin
NIGHT = "21:00-08:00"


@dataclass(frozen=True)
class Stage(Clock):
    """A clock that shows what it is told to, as fast as the real one."""

    ahead: list[timedelta] = field(default_factory=lambda: [timedelta()])

    def set(self, virtual: datetime) -> None:
        self.ahead[0] = virtual - now()

    def virtual(self, real: datetime) -> datetime:
        return real + self.ahead[0]

    def real(self, virtual: datetime) -> datetime:
        return virtual - self.ahead[0]


def on_stage(world: World, at: datetime = NOON, **limits: Any) -> Stage:
    """It is `at`, under these limits."""
    stage = Stage(now())
    stage.set(at)
    world.clock = stage
    world.marketing = marketing(limits=Limits.model_validate(limits))
    return stage


def sequence(key: str, **given: Any) -> Sequence:
    """One mail a day, begun by `<key>_began`."""
    steps = [{"email": f"{key}_{number}", "at": f"{number}d"} for number in range(3)]
    return Sequence.model_validate(
        {"sequence": key, "name": key, "entry": {"event": f"{key}_began"}, "steps": steps, **given}
    )


async def begun(world: World, *sequences: Sequence, zone: str = BERLIN) -> tuple[Contact, list[Journey]]:
    """Somebody who has begun all of these."""
    await world.publish(*sequences)
    email = somebody()
    for one in sequences:
        await world.tell(one.entry.event, email)
    await world.route()
    await move(world, email, zone)
    return await world.contact(email), [await world.journey(email, one.sequence) for one in sequences]


async def move(world: World, email: str, zone: str) -> None:
    """The person lives there now."""
    async with world.db.transaction() as tx:
        await tx.execute(update(Contact).where(col(Contact.email) == email).values(timezone=zone))


async def sent_ago(world: World, message: Message, ago: timedelta) -> None:
    """It went out so long ago."""
    async with world.db.transaction() as tx:
        values = {"sent_at": now() - ago, "first_called_at": now() - ago, "created_at": now() - ago}
        await tx.execute(update(Message).where(col(Message.id) == message.id).values(**values))
