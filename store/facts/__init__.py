"""What an event says, folded into the rows it is about, in the transaction that stores it.

Every fold is monotone: whatever order events come in, the rows end the same. `APPLY` is the table of
kinds; a type that is not in it changes no rows beyond the contact's. What a browser tells is no fact: it folds nothing
but where an anonymous visitor came from.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from domain.marketing import Marketing
from store import commissions
from store.contacts import Contact
from store.events import Event
from store.facts import (
    bookings,
    carts,
    consent,
    funnels,
    inapp,
    leads,
    mail,
    milestones,
    orders,
    organizations,
    quizzes,
    subscriptions,
    sunset,
    suppression,
    webinars,
    welcome,
)

Fold = Callable[[AsyncSession, Event, Contact, Marketing], Awaitable[None]]

APPLY: dict[str, Fold] = {
    "checkout_started": carts.started,
    "cart_abandoned": carts.started,
    "cart_emptied": carts.emptied,
    "purchase_failed": carts.started,
    "purchase_completed": orders.purchased,
    "refund": orders.refunded,
    "payment_failed": subscriptions.told,
    "invoice_paid": subscriptions.told,
    "invoice_upcoming": subscriptions.told,
    "subscription_changed": subscriptions.told,
    "subscription_renewing": subscriptions.told,
    "subscription_lapsed": subscriptions.told,
    "demo_booked": bookings.booked,
    "demo_canceled": bookings.canceled,
    "demo_no_show": bookings.no_show,
    "demo_no_show_undone": bookings.no_show_undone,
    "demo_held": bookings.held,
    "webinar_registered": webinars.registered,
    "webinar_attended": webinars.attended,
    "webinar_moved": webinars.told,
    "webinar_canceled": webinars.told,
    "webinar_over": webinars.over,
    "contact_suppressed": suppression.suppressed,
    "contact_released": suppression.released,
    "unsubscribed": consent.withdrawn,
    "preferences_changed": consent.chosen,
    "email_complained": mail.complained,
    "email_bounced": mail.bounced,
    "email_delivered": mail.delivered,
    "email_opened": mail.opened,
    "email_clicked": mail.clicked,
    "quiz_completed": quizzes.completed,
    inapp.SEEN: inapp.seen,
    inapp.CLICKED: inapp.clicked,
}
# What more than one part listens to, after the fold of its kind.
ALSO: dict[str, tuple[Fold, ...]] = {
    "lead_captured": (organizations.told, funnels.named, welcome.captured, sunset.settled),
    "webinar_registered": (funnels.named,),
    "email_confirmed": (consent.confirmed, welcome.confirmed),
    "contact_sunset": (sunset.settled,),
    "engaged_again": (sunset.settled,),
    "purchase_completed": (sunset.settled, subscriptions.bought, milestones.purchased, funnels.paid),
}
# What a browser cannot say.
FACTS = frozenset(APPLY) | frozenset(ALSO)


async def apply(tx: AsyncSession, event: Event, contact: Contact, marketing: Marketing) -> None:
    """Fold `event` into the rows of `contact`, which the caller has locked."""
    if event.client_side:
        await leads.visited(tx, event, contact)
        return
    await leads.touch(tx, event, contact, marketing)
    fold = APPLY.get(event.type)
    if fold is not None:
        await fold(tx, event, contact, marketing)
    for further in ALSO.get(event.type, ()):
        await further(tx, event, contact, marketing)
    await commissions.told(tx, event, contact, marketing)
    await consent.asked(tx, event, contact, marketing)
