"""Stripe: checks `Stripe-Signature` with Stripe's own library and reads its events.

Scheme: https://docs.stripe.com/webhooks#verify-manually (HMAC-SHA256 over `t.body`, hexadecimal, `v1`).
Events: https://docs.stripe.com/api/events. Stripe may deliver twice, in any order, for three days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from starlette.datastructures import Headers
from stripe import WebhookSignature

from api.webhooks import timestamped
from api.webhooks.base import only
from api.webhooks.drafts import Draft, single
from api.webhooks.reading import (
    JsonObject,
    child,
    email,
    epoch,
    event_type,
    integer,
    iso,
    items,
    parse_object,
    reference,
    text,
    utm,
)
from domain.events import Incoming

_HEADER = "stripe-signature"
TEST_MONEY: Final = "It is of Stripe's test mode, and STRIPE_API_KEY is a live key: nobody paid this."


class Stripe:
    """`sender_id` is the event's id (`evt_…`), the same on every delivery of it.

    With `live_money` an event of Stripe's test mode (https://docs.stripe.com/api/events/object: `livemode`) is kept for
    a person and counts as no sale.
    """

    name: Final = "stripe"

    def __init__(self, *, live_money: bool = False) -> None:
        self._live_money = live_money

    def signed_at(self, headers: Headers) -> int:
        return timestamped.signed_at(only(headers, _HEADER))

    def check(self, secret: str, headers: Headers, body: bytes) -> None:
        # No tolerance: the library's own window has one side only and reads the clock; ours has two.
        WebhookSignature.verify_header(body, only(headers, _HEADER), secret, tolerance=None)

    def translate(self, headers: Headers, body: bytes) -> list[Incoming]:  # noqa: ARG002 - GitHub's need them
        event = parse_object(body)
        kind = text(event.get("type")) or "unknown"
        about = child(event, "data", "object")
        draft = READERS[kind](about) if kind in READERS else _unknown(kind, about)
        if kind == "unknown" or not about:
            draft = Draft(draft.type, draft.payload, draft.email, draft.entity, "It is not an event with an object.")
        elif self._live_money and event.get("livemode") is False:
            draft = Draft(draft.type, draft.payload, draft.email, draft.entity, TEST_MONEY)
        return single(
            draft,
            source=self.name,
            sender_id=text(event.get("id")),
            occurred_at=epoch(event.get("created")),
            raw=body,
        )


def _unknown(kind: str, about: JsonObject) -> Draft:
    return Draft(event_type("stripe", kind), {"object": about}, entity=_entity(about.get("id")))


def _entity(*ids: object) -> str | None:
    """Events about the same payment (or customer) are routed in order though no contact is known."""
    found = next((known for known in map(reference, ids) if known), None)
    return f"stripe:{found}" if found else None


def _products(metadata: Mapping[str, object]) -> list[str]:
    """Keys of the catalogue from `metadata.products`: trimmed, each once, in their order."""
    listed = text(metadata.get("products")) or ""
    return list(dict.fromkeys(part for item in listed.split(",") if (part := item.strip())))


def _session(kind: str, session: JsonObject) -> Draft:
    """A Checkout session in whatever state: https://docs.stripe.com/api/checkout/sessions/object."""
    customer = child(session, "customer_details")
    metadata = child(session, "metadata")
    products = _products(metadata)
    order_id = text(session.get("id"))
    payment_intent = reference(session.get("payment_intent"))
    return Draft(
        kind,
        {
            "order_id": order_id,
            "payment_intent": payment_intent,
            "cart_id": text(session.get("client_reference_id")),
            "products": products,
            "unresolved": not products,
            "amount_total": integer(session.get("amount_total")),
            "amount_tax": integer(child(session, "total_details").get("amount_tax")),
            "currency": text(session.get("currency")),
            "name": text(customer.get("name")),
            "utm": utm(metadata),
            **_brought(metadata),
            **_ours(metadata),
            **_began(session),
        },
        email=email(customer.get("email")) or email(session.get("customer_email")),
        entity=_entity(payment_intent, order_id),
        lacking=None if order_id else "The checkout session has no id.",
    )


def _brought(metadata: Mapping[str, object]) -> JsonObject:
    """The affiliate by whose link the buyer came, and when they did: as our till wrote it beside the session."""
    code = text(metadata.get("affiliate"))
    return {"affiliate": {"code": code, "at": text(metadata.get("affiliate_at"))}} if code else {}


def _ours(metadata: Mapping[str, object]) -> JsonObject:
    """The checkout of a funnel that the session was made for."""
    checkout = text(metadata.get("checkout"))
    return {"checkout": checkout} if checkout else {}


def _began(session: JsonObject) -> JsonObject:
    """The subscription that the checkout began, and its customer: by these it is known whose it is."""
    subscription = reference(session.get("subscription"))
    return {"subscription": subscription, "customer": reference(session.get("customer"))} if subscription else {}


def _completed(session: JsonObject) -> Draft:
    """Completed is not yet paid: bank debits settle days later. A total of nothing needs no payment."""
    status = session.get("payment_status")
    free = status == "no_payment_required" and session.get("mode") == "payment"
    if status != "paid" and not free:
        return _session("checkout_pending", session)
    draft = _session("purchase_completed", session)
    missing = draft.lacking or (None if draft.email else "The purchase has no email address.")
    return Draft(draft.type, draft.payload, draft.email, draft.entity, missing)


def _refund(charge: JsonObject) -> Draft:
    """https://docs.stripe.com/api/charges/object. `full` is False for a refund of a part."""
    payment_intent = reference(charge.get("payment_intent"))
    charge_id = text(charge.get("id"))
    return Draft(
        "refund",
        {
            "payment_intent": payment_intent,
            "charge_id": charge_id,
            "products": _products(child(charge, "metadata")),
            "amount_refunded": integer(charge.get("amount_refunded")),
            "currency": text(charge.get("currency")),
            "full": charge.get("refunded") is True,
        },
        email=email(child(charge, "billing_details").get("email")) or email(charge.get("receipt_email")),
        entity=_entity(payment_intent, charge_id),
        lacking=None if payment_intent or charge_id else "The refund names no payment.",
    )


def _invoice(kind: str, invoice: JsonObject) -> Draft:
    """https://docs.stripe.com/api/invoices/object. Amounts in minor units; `retry` counts attempts from 1."""
    customer = reference(invoice.get("customer"))
    details = child(invoice, "parent", "subscription_details")
    return Draft(
        kind,
        {
            "invoice": text(invoice.get("id")),
            # `subscription_create` for the first of a subscription, `subscription_cycle` for a renewal, …
            "reason": text(invoice.get("billing_reason")),
            "retry": integer(invoice.get("attempt_count")),
            "amount_due": integer(invoice.get("amount_due")),
            "amount_paid": integer(invoice.get("amount_paid")),
            "currency": text(invoice.get("currency")),
            "customer": customer,
            # Where it is since API version 2025-03-31, else where it was before.
            "subscription": reference(details.get("subscription")) or reference(invoice.get("subscription")),
            # A page of Stripe's where it can be paid, with another card too.
            "pay_url": text(invoice.get("hosted_invoice_url")),
        },
        email=email(invoice.get("customer_email")),
        entity=_entity(customer, invoice.get("id")),
        # One that is upcoming has none yet.
        lacking=None if text(invoice.get("id")) or kind == "invoice_upcoming" else "The invoice has no id.",
    )


def _subscription(change: str) -> Callable[[JsonObject], Draft]:
    """https://docs.stripe.com/api/subscriptions/object. Names a customer, never an address."""

    def read(subscription: JsonObject) -> Draft:
        ends = [subscription, *items(child(subscription, "items").get("data"))]
        moments = [end for entry in ends if (end := epoch(child(entry).get("current_period_end")))]
        customer = reference(subscription.get("customer"))
        cancel_at = epoch(subscription.get("cancel_at"))
        return Draft(
            "subscription_changed",
            {
                "id": text(subscription.get("id")),
                "change": change,
                "status": text(subscription.get("status")),
                # On the items since API version 2025-03-31; the earliest is when something must be paid.
                "current_period_end": iso(cancel_at or min(moments, default=None)),
                "cancel_at_period_end": subscription.get("cancel_at_period_end") is True or cancel_at is not None,
                "customer": customer,
                "started_at": iso(epoch(subscription.get("start_date"))),
                "canceled_at": iso(epoch(subscription.get("canceled_at"))),
                "ended_at": iso(epoch(subscription.get("ended_at"))),
                **_price(subscription),
            },
            entity=_entity(customer, subscription.get("id")),
            lacking=None if text(subscription.get("id")) else "The subscription has no id.",
        )

    return read


def _price(subscription: JsonObject) -> JsonObject:
    """What all its items cost together, in minor units, and how often."""
    lines = [child(item) for item in items(child(subscription, "items").get("data"))]
    prices = [child(line, "price") or child(line, "plan") for line in lines]
    first = prices[0] if prices else {}
    each = [
        (integer(price.get("unit_amount")) or integer(price.get("amount")) or 0) * (integer(line.get("quantity")) or 1)
        for price, line in zip(prices, lines, strict=True)
    ]
    often = child(first, "recurring") or first
    return {
        "amount": sum(each),
        "currency": text(subscription.get("currency")) or text(first.get("currency")),
        "interval": text(often.get("interval")),
        "interval_count": integer(often.get("interval_count")),
    }


READERS: Final[Mapping[str, Callable[[JsonObject], Draft]]] = {
    "checkout.session.completed": _completed,
    "checkout.session.async_payment_succeeded": _completed,
    "checkout.session.async_payment_failed": lambda session: _session("purchase_failed", session),
    "checkout.session.expired": lambda session: _session("checkout_expired", session),
    "charge.refunded": _refund,
    "invoice.payment_failed": lambda invoice: _invoice("payment_failed", invoice),
    "invoice.paid": lambda invoice: _invoice("invoice_paid", invoice),
    "invoice.upcoming": lambda invoice: _invoice("invoice_upcoming", invoice),
    "customer.subscription.created": _subscription("created"),
    "customer.subscription.updated": _subscription("updated"),
    "customer.subscription.deleted": _subscription("deleted"),
}
