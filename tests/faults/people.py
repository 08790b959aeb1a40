"""How the people of F6 ended, from a look into the rows, in the model's own words."""

from __future__ import annotations

from typing import Any

from tests.faults.ground import Ground
from tests.faults.kit import until
from tests.faults.model import Person

# How often each event of a sender is there and routed, by its sender's id of it; and how many repeats were counted.
APPLIED = """
    SELECT e.sender_id, count(*)::int FROM events e JOIN contacts c ON c.id = e.contact_id
    WHERE c.email LIKE 'f6-%' AND e.state = 'routed' AND e.source <> 'perennial' GROUP BY 1
"""
REPEATS = """
    SELECT coalesce(sum(duplicates), 0) FROM events e JOIN contacts c ON c.id = e.contact_id
    WHERE c.email LIKE 'f6-%'
"""
_WAITING = """
    SELECT (SELECT count(*) FROM events WHERE state = 'waiting')
         + (SELECT count(*) FROM journeys WHERE state = 'starting')
         + (SELECT count(*) FROM events e WHERE e.type = 'lead_captured' AND NOT EXISTS (
              SELECT 1 FROM events q WHERE q.type = 'lead_qualified' AND q.contact_id = e.contact_id))
"""
_CONTACTS = """
    SELECT email, original_source, latest_source, first_name, company, audience, tags, opted_out_at IS NOT NULL
    FROM contacts WHERE email LIKE 'f6-%'
"""
_THEIRS = "JOIN contacts c ON c.id = t.contact_id WHERE c.email LIKE 'f6-%'"
_TOUCHES = f"SELECT c.email, t.source FROM touches t {_THEIRS} ORDER BY t.occurred_at"
_BOOKINGS = f"SELECT c.email, t.invitee_uri, t.state FROM bookings t {_THEIRS}"
_ORDERS = f"SELECT c.email, substr(t.external_id, 4), t.products FROM orders t {_THEIRS}"
_REFUNDS = f"SELECT c.email, substr(t.payment_intent, 4), t.products FROM refunds t {_THEIRS}"
_CARTS = f"SELECT c.email, t.external_id, t.state, t.items FROM carts t {_THEIRS}"
_JOURNEYS = """
    SELECT c.email, concat_ws(' ', t.sequence, k.external_id), t.state
    FROM journeys t JOIN contacts c ON c.id = t.contact_id LEFT JOIN carts k ON k.id = t.about
    WHERE c.email LIKE 'f6-%' AND t.state IN ('starting', 'running', 'paused')
      AND t.sequence IN ('demo_nurture', 'purchase_followup', 'cart_recovery')
"""

# Tags of facts are there once the fact is; this one is a step's, which comes due by the clock.
STEPS_WRITE = "engaged:"


async def settled(product: Ground, within_s: float) -> bool:
    """Whether in time everything is routed, what became of leads and of starts included."""

    async def ask() -> bool:
        return not await product.count(_WAITING)

    return await until(ask, within_s, 0.5)


async def people(product: Ground) -> dict[str, Person]:
    """Everybody by their address."""
    found: dict[str, Person] = {}
    for email, original, latest, name, company, audience, tags, out in await product.rows(_CONTACTS):
        found[email] = Person(
            original=original,
            latest=latest,
            first_name=name,
            company=company,
            audience=audience,
            tags={tag for tag in tags if not tag.startswith(STEPS_WRITE)},
            opted_out=out,
        )
    for email, source in await product.rows(_TOUCHES):
        found[email].touches.append(source)
    for email, cart, state, items in await product.rows(_CARTS):
        found[email].carts[cart], found[email].items[cart] = state, items
    await _fill(product, found, _BOOKINGS, "bookings")
    await _fill(product, found, _ORDERS, "orders")
    await _fill(product, found, _REFUNDS, "refunded")
    await _fill(product, found, _JOURNEYS, "open")
    return found


async def _fill(product: Ground, found: dict[str, Person], sql: str, name: str) -> None:
    for email, key, value in await product.rows(sql):
        part: dict[str, Any] = getattr(found[email], name)
        part[key] = value
