"""Whatever order events come in, the rows end the same as in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import SQLModel, col

from store.bookings import Booking
from store.carts import Cart
from store.contacts import Touch
from store.orders import Order, Refund
from tests.core_kit import BASICS, PRACTICE, TRACING, World, somebody

BEGAN = datetime(2026, 3, 1, 9, tzinfo=UTC)
Told = tuple[str, dict[str, Any]]
# `{me}` stands for the person, so that two people's carts and demos are two.
LEADS: list[Told] = [
    ("lead_captured", {"form": "contact", "first_name": "Ada", "audience": "Teams"}),
    ("lead_captured", {"form": "ebook", "utm": {"source": "ads", "campaign": "spring"}, "company": "Acme"}),
    ("lead_captured", {"form": "ebook", "first_name": "Ida", "attributes": {"size": 5, "team": "a"}}),
    ("signup", {"attributes": {"size": 50}, "timezone": "Europe/Berlin"}),
    ("signup", {"first_name": "Eva", "language": "de", "tags": ["x"]}),
    ("page_visited", {"utm": {"source": "social"}, "landing_page": "/b", "timezone": "Asia/Tokyo", "tags": ["y"]}),
    ("lead_captured", {"form": "contact", "consent": {"granted": True, "wording": "Yes"}}),
]
CARTS: list[Told] = [
    ("checkout_started", {"cart_id": "a-{me}", "items": ["one"], "total": "10.00"}),
    ("checkout_started", {"cart_id": "a-{me}", "items": ["one", "two"], "total": "20.00"}),
    ("cart_emptied", {"cart_id": "a-{me}"}),
    ("checkout_started", {"cart_id": "a-{me}", "items": ["three"], "total": "30.00"}),
    ("checkout_started", {"cart_id": "b-{me}", "items": ["four"]}),
    ("purchase_completed", {"order_id": "1-{me}", "products": [BASICS], "cart_id": "b-{me}"}),
    ("checkout_started", {"cart_id": "c-{me}", "items": ["five"]}),
    ("purchase_completed", {"order_id": "2-{me}", "products": [PRACTICE]}),
    ("checkout_started", {"cart_id": "d-{me}", "items": ["six"]}),
    ("cart_emptied", {"cart_id": "d-{me}"}),
]
DEMOS: list[Told] = [
    ("demo_booked", {"invitee_uri": "1-{me}", "event_name": "Demo", "starts_at": "2026-03-09T10:00:00+00:00"}),
    ("demo_canceled", {"invitee_uri": "1-{me}", "rescheduled": True, "new_invitee": "2-{me}"}),
    ("demo_booked", {"invitee_uri": "2-{me}", "old_invitee": "1-{me}", "starts_at": "2026-03-10T10:00:00+00:00"}),
    ("demo_canceled", {"invitee_uri": "2-{me}"}),
    ("demo_booked", {"invitee_uri": "3-{me}", "starts_at": "2026-03-12T10:00:00+00:00"}),
    ("demo_no_show", {"invitee_uri": "3-{me}"}),
    ("demo_held", {"invitee_uri": "3-{me}"}),
    ("demo_booked", {"invitee_uri": "4-{me}"}),
    ("demo_held", {"invitee_uri": "4-{me}"}),
    ("demo_canceled", {"invitee_uri": "4-{me}"}),
]
ORDERS: list[Told] = [
    ("purchase_completed", {"order_id": "1-{me}", "payment_intent": "p1-{me}", "unresolved": True, "name": "Ada L"}),
    ("purchase_completed", {"order_id": "1-{me}", "payment_intent": "p1-{me}", "products": [BASICS, TRACING]}),
    ("purchase_completed", {"order_id": "2-{me}", "payment_intent": "p2-{me}", "products": [PRACTICE]}),
    ("refund", {"payment_intent": "p2-{me}"}),
    ("refund", {"payment_intent": "p1-{me}", "products": [TRACING]}),
    ("purchase_completed", {"order_id": "3-{me}", "products": ["prod_basics", "not-ours"], "amount_total": 900}),
]
SAID_NO: list[Told] = [
    ("lead_captured", {"form": "contact", "consent": {"granted": True}}),
    ("unsubscribed", {}),
    ("lead_captured", {"form": "contact", "consent": {"granted": True}}),
    ("email_complained", {}),
    ("email_bounced", {"bounce": {"kind": "hard"}}),
    ("email_bounced", {"bounce": {"kind": "soft"}}),
    ("unsubscribed", {}),
]
STORIES = {"leads": LEADS, "carts": CARTS, "demos": DEMOS, "orders": ORDERS, "no": SAID_NO}
PERSON = [
    *("first_name", "company", "tags", "audience", "attributes", "timezone", "language"),
    *("form_source", "original_source", "latest_source", "opted_out_at", "suppressed", "consented_at"),
]


def for_person(value: Any, me: str) -> Any:
    if isinstance(value, dict):
        return {key: for_person(item, me) for key, item in value.items()}
    return value.replace("{me}", me) if isinstance(value, str) else value


async def live(world: World, story: list[Told], order: list[int]) -> dict[str, Any]:
    """The story as told in that order, to a person of its own; how it ended."""
    email, me = somebody(), uuid4().hex
    for index in order:
        type_, payload = story[index]
        occurred_at = BEGAN + timedelta(minutes=10 * index)
        await world.tell(type_, email, occurred_at=occurred_at, payload=for_person(payload, me))
    return await rows_of(world, email, me)


async def rows_of(world: World, email: str, me: str) -> dict[str, Any]:
    contact = await world.contact(email)
    found: dict[str, Any] = {name: getattr(contact, name) for name in PERSON}
    tables: dict[type[SQLModel], str] = {
        Touch: "occurred_at source form landing_page utm",
        Cart: "external_id state items total started_at",
        Booking: "invitee_uri state event_name starts_at",
        Order: "external_id products kinds total unresolved payment_intent cart paid_at",
        Refund: "payment_intent products occurred_at",
    }
    async with world.db.transaction() as tx:
        for table, names in tables.items():
            rows = (await tx.execute(select(table).where(col(table.contact_id) == contact.id))).scalars()  # type: ignore[attr-defined]
            seen = [{name: str(getattr(row, name)).replace(me, "{me}") for name in names.split()} for row in rows]
            found[table.__name__] = sorted(seen, key=str)
    return found


@pytest.mark.parametrize("name", list(STORIES))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_a_shuffled_story_ends_like_the_story_in_order(world: World, name: str, data: st.DataObject) -> None:
    story = STORIES[name]
    chosen = sorted(data.draw(st.sets(st.sampled_from(range(len(story))), min_size=2), label="events"))
    shuffled = data.draw(st.permutations(chosen), label="order of arrival")
    assert await live(world, story, shuffled) == await live(world, story, chosen)
