"""A promotion in a mail: its deadline is the row's, in the reader's zone, and nothing is said once it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update
from sqlmodel import col

from domain.clock import Clock
from domain.offers import Priced
from providers.rendering.filters import when
from store.base import now
from store.contacts import Contact
from store.contexts import Asked
from store.contexts.promotions import running
from store.db import Database
from store.messages import Message
from store.offers import PromotionRow, price
from tests.core_kit import shipped
from tests.offers_kit import approved
from tests.programme.walking import PUBLIC, Programme, new_programme

SLUG = "fieldnotes-limited"


@pytest.fixture(scope="module")
async def world(db: Database) -> Programme:
    made = await new_programme(db)
    await approved(made.db, made.marketing, "limited", SLUG)
    return made


async def told(world: Programme, timezone: str) -> tuple[dict[str, Any], Priced]:
    """What a mail to somebody of that zone may say, and what the till charges at the same moment."""
    contact = Contact(email="ann@example.com", timezone=timezone)
    context: dict[str, Any] = {}
    async with world.db.transaction() as tx:
        nothing = cast("Any", None)
        asked = Asked(tx, world.marketing, Clock(now()), nothing, nothing, nothing, contact)
        assert await running(asked, context) is None
        return context, await price(tx, world.marketing, "franklin", now())


async def test_a_mail_tells_the_deadline_of_the_till_in_the_readers_zone(world: Programme) -> None:
    context, priced = await told(world, "Asia/Tokyo")
    offer = context["offer"]
    assert offer["ends_at"] == priced.ends_at
    assert offer["ends_at"].tzinfo == ZoneInfo("Asia/Tokyo")
    step = next(step for step in shipped("education_nurture").steps if step.key == "education_6")
    message = Message(
        id=uuid4(), contact_id=uuid4(), lane="marketing", state="calling", sequence="x", step="education_6"
    )  # fmt: skip
    mail = world.composer.compose(
        message, step, {"brand": world.marketing.brand.model_dump(), "contact": {}, **context}
    )
    assert f"20% off the list price until {when(offer['ends_at'])}." in mail.text
    assert "JST" in mail.text
    assert f"{PUBLIC}/o/{SLUG}?zone=Asia%2FTokyo" in mail.html
    assert "For a short time: five books from Fieldnotes Press for less" in mail.html


async def test_a_mail_says_nothing_of_what_is_over(world: Programme) -> None:
    async with world.db.transaction() as tx:
        over = {"starts_at": now() - timedelta(days=7), "ends_at": now()}
        await tx.execute(update(PromotionRow).where(col(PromotionRow.slug) == SLUG).values(**over))
    context, priced = await told(world, "no zone")
    assert context == {}
    assert priced.promotion is None
