"""What the vendors send, in the shape of their documents: pure, so that tests can build the same."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Json = dict[str, Any]
CALENDLY = "https://api.calendly.com/scheduled_events"
DEMO_LENGTH = timedelta(minutes=30)


def fresh(prefix: str) -> str:
    """An id as vendors make them: `evt_5f1c…`."""
    return f"{prefix}_{secrets.token_hex(12)}"


def stripe_checkout(
    *,
    email: str,
    name: str,
    products: Sequence[str],
    amount: int,
    at: datetime,
    cart: str | None = None,
    intent: str | None = None,
) -> Json:
    """`checkout.session.completed`: https://docs.stripe.com/api/checkout/sessions/object. `amount` is in cents."""
    return _stripe(
        "checkout.session.completed",
        {
            "id": fresh("cs_test"),
            "object": "checkout.session",
            "mode": "payment",
            "status": "complete",
            "payment_status": "paid",
            "amount_total": amount,
            "currency": "usd",
            "client_reference_id": cart,
            "customer_details": {"email": email, "name": name},
            "metadata": {"products": ",".join(products)},
            "payment_intent": intent or fresh("pi"),
        },
        at,
    )


def stripe_refund(*, email: str, products: Sequence[str], amount: int, intent: str, at: datetime) -> Json:
    """`charge.refunded`: https://docs.stripe.com/api/charges/object. A part of a payment, named by its products."""
    return _stripe(
        "charge.refunded",
        {
            "id": fresh("ch"),
            "object": "charge",
            "amount_refunded": amount,
            "currency": "usd",
            "refunded": False,
            "billing_details": {"email": email},
            "metadata": {"products": ",".join(products)},
            "payment_intent": intent,
        },
        at,
    )


@dataclass(frozen=True, slots=True)
class Account:
    """One subscription at Stripe and whose it is. `cents` is what each `interval` costs."""

    email: str
    interval: str
    cents: int
    customer: str = field(default_factory=lambda: fresh("cus"))
    number: str = field(default_factory=lambda: fresh("sub"))


def stripe_subscription(change: str, account: Account, *, ends_at: datetime, at: datetime, ends: bool = False) -> Json:
    """`customer.subscription.created`, `.updated` or `.deleted`: https://docs.stripe.com/api/subscriptions/object.

    Names a customer and never an address. `ends`: it was set not to renew.
    """
    price = {"unit_amount": account.cents, "currency": "usd", "recurring": {"interval": account.interval}}
    item = {"id": fresh("si"), "quantity": 1, "price": price, "current_period_end": int(ends_at.timestamp())}
    return _stripe(
        f"customer.subscription.{change}",
        {
            "id": account.number,
            "object": "subscription",
            "customer": account.customer,
            "status": "canceled" if change == "deleted" else "active",
            "cancel_at_period_end": ends,
            "currency": "usd",
            "items": {"object": "list", "data": [item]},
        },
        at,
    )


def stripe_invoice(kind: str, account: Account, *, attempt: int, at: datetime, invoice: str | None = None) -> Json:
    """`invoice.paid` or `invoice.payment_failed`: https://docs.stripe.com/api/invoices/object."""
    number = invoice or fresh("in")
    return _stripe(
        f"invoice.{kind}",
        {
            "id": number,
            "object": "invoice",
            "customer": account.customer,
            "customer_email": account.email,
            "attempt_count": attempt,
            "amount_due": account.cents,
            "amount_paid": account.cents if kind == "paid" else 0,
            "currency": "usd",
            "hosted_invoice_url": f"https://invoice.stripe.com/i/{number}",
            "parent": {"subscription_details": {"subscription": account.number}},
        },
        at,
    )


def _stripe(kind: str, about: Json, at: datetime) -> Json:
    created = int(at.timestamp())
    return {"id": fresh("evt"), "object": "event", "type": kind, "created": created, "data": {"object": about}}


def invitee_uri() -> str:
    """The address of one invitee of one scheduled event, as Calendly names it."""
    return f"{CALENDLY}/{secrets.token_hex(8)}/invitees/{secrets.token_hex(8)}"


def calendly_created(
    *, email: str, name: str, invitee: str, starts_at: datetime, at: datetime, old_invitee: str | None = None
) -> Json:
    """`invitee.created`; a reschedule names the invitee that it replaces."""
    payload = _invitee(email, name, invitee, starts_at) | {
        "status": "active",
        "rescheduled": False,
        "old_invitee": old_invitee,
        "new_invitee": None,
    }
    return _calendly("invitee.created", payload, at)


def calendly_canceled(
    *, email: str, name: str, invitee: str, starts_at: datetime, at: datetime, new_invitee: str | None = None
) -> Json:
    """`invitee.canceled`; with `new_invitee` it is the other half of a reschedule."""
    payload = _invitee(email, name, invitee, starts_at) | {
        "status": "canceled",
        "rescheduled": new_invitee is not None,
        "old_invitee": None,
        "new_invitee": new_invitee,
        "cancellation": {"canceled_by": name, "reason": "Something came up."},
    }
    return _calendly("invitee.canceled", payload, at)


def _calendly(event: str, payload: Json, at: datetime) -> Json:
    host = "https://api.calendly.com/users/HOST"
    return {"event": event, "created_at": at.isoformat(), "created_by": host, "payload": payload}


def _invitee(email: str, name: str, invitee: str, starts_at: datetime) -> Json:
    return {
        "uri": invitee,
        "email": email,
        "name": name,
        "timezone": "Europe/Stockholm",
        "cancel_url": f"https://calendly.com/cancellations/{invitee[-16:]}",
        "reschedule_url": f"https://calendly.com/reschedulings/{invitee[-16:]}",
        "questions_and_answers": [],
        "tracking": {"utm_source": None, "utm_medium": None, "utm_campaign": None},
        "scheduled_event": {
            "uri": invitee.partition("/invitees/")[0],
            "name": "Fieldnotes demo",
            "start_time": starts_at.isoformat(),
            "end_time": (starts_at + DEMO_LENGTH).isoformat(),
            "location": {"type": "zoom", "join_url": f"https://meet.example/{invitee[-16:]}"},
        },
    }


def github_release(*, repository: str, release_id: int, tag: str, name: str, body: str, at: datetime) -> Json:
    """`release` with `action: published`; `body` is Markdown and may be empty, as GitHub allows."""
    return {
        "action": "published",
        "release": {
            "id": release_id,
            "tag_name": tag,
            "name": name,
            "body": body,
            "draft": False,
            "prerelease": False,
            "html_url": f"https://github.com/{repository}/releases/tag/{tag}",
            "published_at": at.isoformat(),
            "author": {"login": repository.partition("/")[0]},
        },
        "repository": {"full_name": repository, "html_url": f"https://github.com/{repository}"},
        "sender": {"login": repository.partition("/")[0]},
    }
