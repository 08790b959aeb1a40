"""What an event says, folded into the rows it is about, in the transaction that stores it.

Every fold is monotone: whatever order events come in, the rows end the same. `APPLY` is the table of
kinds; a type that is not in it changes no rows beyond the contact's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from domain.marketing import Marketing
from store.contacts import Contact
from store.events import Event
from store.facts import bookings, carts, consent, leads, mail, orders

Fold = Callable[[AsyncSession, Event, Contact, Marketing], Awaitable[None]]

APPLY: dict[str, Fold] = {
    "checkout_started": carts.started,
    "cart_abandoned": carts.started,
    "cart_emptied": carts.emptied,
    "purchase_completed": orders.purchased,
    "refund": orders.refunded,
    "demo_booked": bookings.booked,
    "demo_canceled": bookings.canceled,
    "demo_no_show": bookings.no_show,
    "demo_held": bookings.held,
    "unsubscribed": consent.withdrawn,
    "email_complained": mail.complained,
    "email_bounced": mail.bounced,
    "email_delivered": mail.delivered,
    "email_opened": mail.opened,
    "email_clicked": mail.clicked,
}


async def apply(tx: AsyncSession, event: Event, contact: Contact, marketing: Marketing) -> None:
    """Fold `event` into the rows of `contact`, which the caller has locked."""
    await leads.touch(tx, event, contact, marketing)
    fold = APPLY.get(event.type)
    if fold is not None:
        await fold(tx, event, contact, marketing)
