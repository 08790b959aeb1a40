"""The core as tests drive it: events in, rows out, on the real PostgreSQL; a mail provider that does as it is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlmodel import col

from configuration import load_sequences
from domain.catalogue import Product
from domain.clock import Clock
from domain.errors import ProviderError
from domain.events import Incoming
from domain.marketing import Brand, Marketing
from domain.sequences import Sequence, Step
from providers.protocols import Accepted, Mail
from store import leases, sequences
from store.base import now
from store.contacts import Contact
from store.context import Context
from store.db import Database
from store.events import Event
from store.ingest import Receipt, ingest
from store.journeys import Journey
from store.ledger import Composed, Due, Ledger
from store.lifecycle import told
from store.messages import Message
from store.orders import Order
from store.routing import Routed, Router
from store.sequences import Definitions

CONFIG = Path(__file__).parent.parent / "config"
BASICS, PRACTICE, TRACING, GUIDE = "basics", "practice", "tracing", "guide"
DAY = timedelta(days=1)


def brand() -> Brand:
    return Brand(
        name="Acme",
        author="Ada",
        postal_address="1 Main Street, Springfield",
        url="https://acme.example",
        reply_to="hello@acme.example",
        transactional_from="post@acme.example",
        marketing_from="news@acme.example",
    )


def marketing(**given: Any) -> Marketing:
    """A brand with three trainings and a book."""

    def product(key: str, kind: Any, **more: Any) -> Product:
        return Product(key=key, name=key.title(), kind=kind, price=Decimal(10), stripe_product=f"prod_{key}", **more)

    catalogue = [
        product(BASICS, "training", related=[PRACTICE], audience="Beginners"),
        product(PRACTICE, "training", related=[TRACING], audience="Teams"),
        product(TRACING, "training"),
        product(GUIDE, "digital"),
    ]
    return Marketing(brand=brand(), catalogue=catalogue, **given)


def somebody() -> str:
    """An address that nobody else has."""
    return f"person-{uuid4().hex[:12]}@example.com"


@cache
def every_shipped() -> tuple[Sequence, ...]:
    """The sequences that come with the product, read once a run: it takes half a second."""
    return tuple(load_sequences(CONFIG))


def shipped(key: str) -> Sequence:
    """One of the sequences that come with the product."""
    return next(one for one in every_shipped() if one.sequence == key)


@dataclass
class World:
    """One installation: its database, its rules, and a person's way through them without Temporal."""

    db: Database
    marketing: Marketing
    definitions: Definitions = field(default_factory=Definitions)
    clock: Clock = field(default_factory=lambda: Clock(now()))

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.db, self.definitions, self.marketing, self.clock)

    async def publish(self, *definitions: Sequence) -> None:
        async with self.db.transaction() as tx:
            await sequences.publish(tx, list(definitions))

    async def tell(self, type_: str, email: str | None = None, **given: Any) -> Receipt:
        """An event comes in; everything beside the envelope's own fields is its payload."""
        envelope = {name: given.pop(name) for name in list(given) if name in Incoming.model_fields}
        payload = {**envelope.pop("payload", {}), **given}
        told_by = {"source": "test", "sender_id": uuid4().hex, **envelope}
        return await ingest(self.db, self.marketing, Incoming(type=type_, email=email, payload=payload, **told_by))

    async def route(self) -> list[Routed]:
        """Everything that waits is applied to the rows; every workflow counts as told."""
        turns: list[Routed] = []
        while True:
            async with self.db.transaction() as tx:
                taken = await leases.take(tx, 100)
            if not taken:
                return turns
            turns += [await self.carry(lease) for lease in taken]

    async def carry(self, lease: leases.Lease) -> Routed:
        """One turn of one key."""
        async with self.db.transaction() as tx:
            routed = await Router(self.definitions, self.clock, self.marketing).route(tx, lease)
        async with self.db.transaction() as tx:
            for row in routed.journeys:
                await tx.execute(told(row.id, row.revision))
            events = [event.id for event in routed.events]
            await leases.mark_routed(tx, lease, events, routed.done_seq, pause_s=60 * routed.failed)
        return routed

    async def contact(self, email: str) -> Contact:
        async with self.db.transaction() as tx:
            found = select(Contact).where(col(Contact.email) == email)
            return (await tx.execute(found)).scalar_one()

    async def journeys(self, email: str, sequence: str | None = None) -> list[Journey]:
        """The person's journeys, the oldest first."""
        contact = await self.contact(email)
        rows = select(Journey).where(col(Journey.contact_id) == contact.id)
        if sequence is not None:
            rows = rows.where(col(Journey.sequence) == sequence)
        async with self.db.transaction() as tx:
            return list((await tx.execute(rows.order_by(col(Journey.started_at), col(Journey.entry_no)))).scalars())

    async def journey(self, email: str, sequence: str) -> Journey:
        """The person's newest journey of that sequence."""
        return (await self.journeys(email, sequence))[-1]

    async def events(self, email: str) -> list[Event]:
        contact = await self.contact(email)
        async with self.db.transaction() as tx:
            rows = select(Event).where(col(Event.contact_id) == contact.id).order_by(col(Event.seq))
            return list((await tx.execute(rows)).scalars())

    async def heard(self, email: str) -> list[Event]:
        """What others told of the person: the events without our own."""
        return [event for event in await self.events(email) if event.source != "perennial"]

    async def message(self, journey: Journey, step: str) -> Message:
        async with self.db.transaction() as tx:
            rows = select(Message).where(col(Message.journey_id) == journey.id, col(Message.step) == step)
            return (await tx.execute(rows)).scalar_one()

    async def order(self, external_id: str) -> Order:
        async with self.db.transaction() as tx:
            return (await tx.execute(select(Order).where(col(Order.external_id) == external_id))).scalar_one()

    async def due(self, journey: Journey, step: str, *, due_at: datetime | None = None) -> Due:
        """The step as its workflow asks for it, due now unless told otherwise."""
        async with self.db.transaction() as tx:
            steps = (await self.definitions.of(tx, journey.sequence, journey.version)).steps
        keys = [each.key for each in steps]
        after = steps[keys.index(step) + 1] if keys.index(step) + 1 < len(steps) else None
        moment = due_at or now()
        next_due_at = moment + timedelta(days=after.at.days) if after else None
        return Due(journey.id, journey.contact_id, step, moment, after.key if after else None, next_due_at)


# What the tests of the core are about; the rest of the programme has tests of its own.
SPINE = (
    "cart_recovery",
    "demo_canceled",
    "demo_confirmation",
    "demo_nurture",
    "order_receipt",
    "purchase_followup",
)


async def new_world(db: Database) -> World:
    """The shipped sequences of the spine on a database of its own."""
    made = World(db, marketing())
    await made.publish(*map(shipped, SPINE))
    return made


def compose(_message: Message, step: Step, context: Context) -> Composed:
    """Words that say what the mail was given to say."""
    text = " ".join([step.key, *(product["key"] for product in context.get("products", []))])
    return Composed(
        "news@acme.example", "hello@acme.example", step.key, text, f"<p>{text}</p>", {"X-Step": step.key}, []
    )


@dataclass
class Post:
    """A mail provider that keeps what it accepted and recognises keys for `key_lifetime`, if it has one.

    `answers` come first, one a call: an error is raised, `lost` means taken and never answered.
    """

    key_lifetime: timedelta | None = None
    answers: list[ProviderError | str] = field(default_factory=list)
    name: str = "post"
    accepted: list[Mail] = field(default_factory=list)
    calls: list[Mail] = field(default_factory=list)
    holding: asyncio.Event | None = None

    async def send(self, mail: Mail) -> Accepted:
        self.calls.append(mail)
        answer = self.answers.pop(0) if self.answers else ""
        if self.holding is not None:
            await self.holding.wait()
        if isinstance(answer, ProviderError):
            raise answer
        if self.key_lifetime is None or mail.key not in {one.key for one in self.accepted}:
            self.accepted.append(mail)
        if answer == "lost":
            raise ProviderError("unreachable", "connection reset", refused=False)
        return Accepted(provider_message_id=f"post-{mail.key}")

    async def aclose(self) -> None:
        return


async def purchase(world: World, email: str, *products: str, **given: Any) -> str:
    """A paid order of these products; its number."""
    number = f"cs_{uuid4().hex[:12]}"
    details = {"order_id": number, "payment_intent": f"pi_{number}", "products": list(products), **given}
    await world.tell("purchase_completed", email, **details)
    return number


def hours_ago(hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


def minutes_ago(minutes: float) -> datetime:
    return hours_ago(minutes / 60)
