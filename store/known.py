"""What CRM and platform are told of a person, as the rows are when it is told: purchases, clicks, tier."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.sequences import Step
from store.contacts import Contact
from store.events import Event
from store.journeys import Journey
from store.orders import Order
from store.purchases import all_of, still_owned

NAMES = ("products", "owned", "orders", "customer", "tier", "clicks", "last_click")


async def values_of(tx: AsyncSession, journey: Journey, step: Step, contact: Contact) -> dict[str, str]:
    """The values of the step's `{words}`: nothing is looked up for a step that uses none of them.

    Clicks cost no call of their own: they are told with the next purchase or the next change of tier.
    """
    spoken = " ".join(map(str, step.settings.values()))
    if not any("{" + name + "}" in spoken for name in NAMES):
        return {}
    orders = await all_of(tx, contact)
    owned = await still_owned(tx, contact, orders)
    order = await tx.get(Order, journey.about) if journey.about else None
    clicked = select(func.count(), func.max(Event.occurred_at)).where(
        Event.contact_id == contact.id,
        Event.type == "email_clicked",
        Event.state != "rejected",
        Event.client_side.is_(False),
    )
    clicks, last = (await tx.execute(clicked)).one()
    return {
        "products": ", ".join(order.products if order else ()),
        "owned": ", ".join(owned),
        "orders": str(len(orders)),
        "customer": "true" if owned else "false",
        "tier": str(contact.attributes.get("tier") or await _told(tx, journey)),
        "clicks": str(clicks),
        "last_click": f"{last:%Y-%m-%d}" if last else "",
    }


async def _told(tx: AsyncSession, journey: Journey) -> str:
    """The tier as the event says it that began the journey."""
    payload = (await tx.get_one(Event, journey.entry_event)).payload
    return str(payload.get("tier") or payload.get("new") or "")
