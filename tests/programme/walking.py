"""A shipped sequence, walked step by step on the real database, with the mails that people would get."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from activities.composing import Composer
from activities.discounts import DiscountActivities
from activities.journeys import JourneyActivities, due_of
from configuration import load_marketing
from domain.catalogue import Quote
from domain.marketing import Marketing
from domain.sequences import Sequence
from providers.crm.local import LocalCrm
from providers.payments.local import LocalPayments
from providers.platform.local import LocalPlatform
from store.base import now
from store.contacts import Contact
from store.db import Database
from store.discounts import Discount
from store.journeys import Journey
from store.ledger import Call, Ledger, Settled
from store.messages import Message
from tests.core_kit import CONFIG, World, every_shipped
from workflows.journey import StepRequest

PUBLIC = "https://mail.acme.example"
BOOK = "field-guide"
UNFILLED = re.compile(r"{{|{%|\[\[|\[%|lq\d+q|lu\d+q|\bNone\b|Undefined|[Pp]laceholder|[Ll]orem|TODO")


def told(marketing: Marketing) -> Marketing:
    """The shipped configuration, as somebody fills it in who has readers and a story."""
    quote = Quote(text="We sleep again.", by="Bea Example", role="on call at Meadow")
    more = {"testimonials": [quote], "chapters": ["Noise", "Rest"], "review_url": "https://r.example/1"}
    catalogue = [one.model_copy(update=more) if one.key == BOOK else one for one in marketing.catalogue]
    brand = marketing.brand.model_copy(update={"story": ["It began with a pager."]})
    programme = marketing.programme.model_copy(
        update={"features": {"csv_export": "exports"}, "tips": {"csv_export": "Save the filter once."}}
    )
    return marketing.model_copy(update={"catalogue": catalogue, "brand": brand, "programme": programme})


@dataclass
class Programme(World):
    """The shipped sequences with the shipped mails."""

    composer: Composer = field(init=False)

    def __post_init__(self) -> None:
        self.composer = Composer(CONFIG / "emails", self.marketing, PUBLIC, "a secret of the tests")

    @property
    def ledger(self) -> Ledger:
        words, prepare = self.composer.words, self.composer.prepare
        return Ledger(self.db, self.definitions, self.marketing, self.clock, words, prepare)

    async def contact_by(self, contact_id: UUID) -> str:
        """The person's address."""
        async with self.db.transaction() as tx:
            return (await tx.get_one(Contact, contact_id)).email or ""

    async def walk(self, journey: Journey) -> Walked:
        """Every step of the journey as its workflow would ask for it, one after the other."""
        async with self.db.transaction() as tx:
            definition = await self.definitions.of(tx, journey.sequence, journey.version)
        found = Walked()
        for number, step in enumerate(definition.steps):
            after = definition.steps[number + 1].key if number + 1 < len(definition.steps) else None
            request = StepRequest(
                journey_id=journey.id, contact_id=journey.contact_id, step=step.key, due_at=now(),
                next_step=after, next_due_at=now() if after else None,
            )  # fmt: skip
            found.outcomes[step.key] = await self._carry(step.kind, request)
            await self.route()
        async with self.db.transaction() as tx:
            rows = select(Message).where(col(Message.journey_id) == journey.id, col(Message.state) == "sent")
            found.mails = {row.step: row for row in (await tx.execute(rows)).scalars()}
            codes = select(Discount).where(col(Discount.journey_id) == journey.id)
            found.codes = {row.step: row for row in (await tx.execute(codes)).scalars()}
        return found

    async def _carry(self, kind: str, request: StepRequest) -> str:
        if kind == "email":
            return await self._send(request)
        if kind == "discount":
            payments = LocalPayments(self.db)
            discounts = DiscountActivities(self.db, self.definitions, self.clock, payments)
            return (await discounts.make(request)).status
        crm, platform = LocalCrm(self.db), LocalPlatform(self.db)
        return (await JourneyActivities(self.db, self.definitions, self.clock, crm, platform).step(request)).status

    async def _send(self, request: StepRequest) -> str:
        due = due_of(request)
        claim = await self.ledger.claim(due, "post", None, self.composer.compose)
        if isinstance(claim, Settled):
            return f"{claim.status}:{claim.reason}"
        assert isinstance(claim, Call)
        await self.ledger.accepted(due, claim.message.id, f"post-{claim.message.id}")
        return "sent"


@dataclass
class Walked:
    """What came of each step, the mails by step, and the codes that were made."""

    outcomes: dict[str, str] = field(default_factory=dict)
    mails: dict[str, Message] = field(default_factory=dict)
    codes: dict[str, Discount] = field(default_factory=dict)


async def new_programme(db: Database, **changes: Any) -> Programme:
    """The shipped programme on a database of its own, filled in."""
    made = Programme(db, told(load_marketing(CONFIG)).model_copy(update=changes))
    await made.publish(*every_shipped())
    return made


def calendar(sequence: Sequence) -> dict[str, float]:
    """When each mail is due, in days after the anchor, as its plan says it."""
    return {step.key: step.at.nominal_s / 86_400 for step in sequence.steps if step.kind == "email"}


def whole(message: Message) -> None:
    """A mail that anybody may get: filled in, with a text part, links that lead somewhere, and a way out."""
    for part in (message.subject, message.html, message.text):
        assert not UNFILLED.search(part), UNFILLED.search(part)
    links = re.findall(r'href="([^"]*)"', message.html)
    assert links
    assert all(re.match(r"(https?://[^\s]+\.[^\s]+|mailto:)", link) for link in links), links
    assert not re.search(r"<(p|ul|ol|li|tbody|strong)[^>]*>\s*</\1>", message.html)
    assert not re.search(r"\n\n\n|\(\)", message.text)
    assert len(message.text) > 200
    if message.lane == "marketing":
        assert f"{PUBLIC}/u/" in message.html
        assert f"{PUBLIC}/u/" in message.text
        assert message.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    else:
        assert "nsubscribe" not in message.html
        assert not message.headers
