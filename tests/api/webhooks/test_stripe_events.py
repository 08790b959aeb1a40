"""Stripe's events in our words. Objects as in Stripe's API reference, cut to what matters and some that does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from inline_snapshot import snapshot
from starlette.datastructures import Headers

from api.webhooks.base import Malformed, NotUnderstood
from api.webhooks.stripe import Stripe
from domain.events import Incoming

CREATED = 1_772_712_000


def event(kind: str, about: dict[str, Any], **changes: Any) -> bytes:
    envelope = {"id": "evt_1", "object": "event", "type": kind, "created": CREATED, "data": {"object": about}}
    return json.dumps(envelope | changes).encode()


def one(body: bytes) -> Incoming:
    (incoming,) = Stripe().translate(Headers(), body)
    return incoming


def session(**changes: Any) -> dict[str, Any]:
    return {
        "id": "cs_test_1",
        "object": "checkout.session",
        "mode": "payment",
        "payment_status": "paid",
        "payment_intent": "pi_1",
        "client_reference_id": "cart-7",
        "customer_email": "before@example.com",
        "customer_details": {"email": "Ada@Example.com", "name": "Ada Lovelace"},
        "metadata": {"products": " guide, course ,guide,,", "utm_source": "news", "utm_campaign": "", "other": "x"},
        "amount_total": 1499,
        "total_details": {"amount_discount": 0, "amount_tax": 99},
        "currency": "usd",
    } | changes


def test_a_paid_checkout_is_a_purchase_with_its_products_cart_and_campaign() -> None:
    purchase = one(event("checkout.session.completed", session()))
    assert purchase.model_dump(exclude={"raw"}, exclude_defaults=True) == snapshot(
        {
            "type": "purchase_completed",
            "source": "stripe",
            "sender_id": "evt_1",
            "email": "Ada@Example.com",
            "entity": "stripe:pi_1",
            "occurred_at": datetime(2026, 3, 5, hour=12, tzinfo=UTC),
            "payload": {
                "order_id": "cs_test_1",
                "payment_intent": "pi_1",
                "cart_id": "cart-7",
                "products": ["guide", "course"],
                "unresolved": False,
                "amount_total": 1499,
                "amount_tax": 99,
                "currency": "usd",
                "name": "Ada Lovelace",
                "utm": {"utm_source": "news"},
            },
        }
    )


def test_a_checkout_says_which_affiliates_link_it_came_by() -> None:
    brought = {"products": "guide", "affiliate": "ada", "affiliate_at": "2026-03-01T12:00:00+00:00"}
    purchase = one(event("checkout.session.completed", session(metadata=brought)))
    assert purchase.payload["affiliate"] == {"code": "ada", "at": "2026-03-01T12:00:00+00:00"}
    assert "affiliate" not in one(event("checkout.session.completed", session())).payload


def test_the_bytes_that_were_received_are_kept() -> None:
    body = event("checkout.session.completed", session()) + b"\n"
    assert one(body).raw == body


def test_a_checkout_that_settles_later_is_pending_and_then_a_purchase() -> None:
    assert one(event("checkout.session.completed", session(payment_status="unpaid"))).type == "checkout_pending"
    assert one(event("checkout.session.async_payment_succeeded", session())).type == "purchase_completed"
    failed = one(event("checkout.session.async_payment_failed", session(payment_status="unpaid")))
    assert failed.type == "purchase_failed"


def test_a_checkout_that_costs_nothing_is_a_purchase_but_a_set_up_is_not() -> None:
    free = session(payment_status="no_payment_required", amount_total=0, payment_intent=None)
    assert one(event("checkout.session.completed", free)).type == "purchase_completed"
    assert one(event("checkout.session.completed", free | {"mode": "setup"})).type == "checkout_pending"


def test_an_expired_checkout_needs_no_address() -> None:
    expired = one(event("checkout.session.expired", session(customer_details=None, customer_email=None)))
    assert (expired.type, expired.email, expired.payload["cart_id"]) == ("checkout_expired", None, "cart-7")


def test_a_purchase_without_products_in_its_metadata_says_that_they_are_to_be_looked_up() -> None:
    purchase = one(event("checkout.session.completed", session(metadata={})))
    assert (purchase.payload["products"], purchase.payload["unresolved"]) == ([], True)


def test_the_address_falls_back_to_the_one_that_the_session_was_made_with() -> None:
    purchase = one(event("checkout.session.completed", session(customer_details=None)))
    assert (purchase.email, purchase.payload["name"]) == ("before@example.com", None)


def test_an_expanded_payment_intent_is_named_by_its_id() -> None:
    purchase = one(event("checkout.session.completed", session(payment_intent={"id": "pi_2", "object": "x"})))
    assert (purchase.payload["payment_intent"], purchase.entity) == ("pi_2", "stripe:pi_2")


def test_a_purchase_of_nobody_is_kept_as_a_dead_letter_with_all_that_is_known() -> None:
    body = event("checkout.session.completed", session(customer_details=None, customer_email=None))
    with pytest.raises(NotUnderstood) as kept:
        Stripe().translate(Headers(), body)
    assert kept.value.reason == "The purchase has no email address."
    assert kept.value.incoming.type == "purchase_completed"
    assert kept.value.incoming.sender_id == "evt_1"
    assert kept.value.incoming.raw == body
    assert kept.value.incoming.payload["order_id"] == "cs_test_1"


def test_a_refund_names_payment_products_and_how_much_of_it() -> None:
    charge = {
        "id": "ch_1",
        "payment_intent": "pi_1",
        "amount": 1499,
        "amount_refunded": 700,
        "refunded": False,
        "currency": "usd",
        "billing_details": {"email": None},
        "receipt_email": "ada@example.com",
        "metadata": {"products": "guide"},
    }
    assert one(event("charge.refunded", charge)).model_dump(exclude={"raw"}, exclude_defaults=True) == snapshot(
        {
            "type": "refund",
            "source": "stripe",
            "sender_id": "evt_1",
            "email": "ada@example.com",
            "entity": "stripe:pi_1",
            "occurred_at": datetime(2026, 3, 5, hour=12, tzinfo=UTC),
            "payload": {
                "payment_intent": "pi_1",
                "charge_id": "ch_1",
                "products": ["guide"],
                "amount_refunded": 700,
                "currency": "usd",
                "full": False,
            },
        }
    )


def test_a_refund_may_be_of_nobody_and_is_then_ordered_by_its_payment() -> None:
    refund = one(event("charge.refunded", {"id": "ch_1", "payment_intent": "pi_1"}))
    assert (refund.email, refund.entity, refund.payload["products"]) == (None, "stripe:pi_1", [])


def test_a_failed_payment_counts_its_attempts() -> None:
    invoice = {
        "id": "in_1",
        "customer": "cus_1",
        "customer_email": "ada@example.com",
        "attempt_count": 1,
        "amount_due": 2900,
        "amount_paid": 0,
        "currency": "usd",
        "parent": {"subscription_details": {"subscription": "sub_1"}},
        "hosted_invoice_url": "https://invoice.stripe.example/i/1",
    }
    failed = one(event("invoice.payment_failed", invoice))
    assert failed.model_dump(exclude={"raw"}, exclude_defaults=True) == snapshot(
        {
            "type": "payment_failed",
            "source": "stripe",
            "sender_id": "evt_1",
            "email": "ada@example.com",
            "entity": "stripe:cus_1",
            "occurred_at": datetime(2026, 3, 5, hour=12, tzinfo=UTC),
            "payload": {
                "invoice": "in_1",
                "reason": None,
                "retry": 1,
                "amount_due": 2900,
                "amount_paid": 0,
                "currency": "usd",
                "customer": "cus_1",
                "subscription": "sub_1",
                "pay_url": "https://invoice.stripe.example/i/1",
            },
        }
    )
    assert one(event("invoice.paid", invoice)).type == "invoice_paid"
    assert one(event("invoice.upcoming", invoice | {"id": None})).type == "invoice_upcoming"


@pytest.mark.parametrize("change", ["created", "updated", "deleted"])
def test_a_subscription_says_what_changed_and_until_when_it_is_paid(change: str) -> None:
    # The period's end moved from the subscription to its items with API version 2025-03-31.
    before = {"id": "sub_1", "customer": "cus_1", "status": "active", "current_period_end": CREATED}
    now = {key: value for key, value in before.items() if key != "current_period_end"} | {
        "items": {"data": [{"current_period_end": CREATED + 60}, {"current_period_end": CREATED}]}
    }
    for subscription in (before, now):
        changed = one(event(f"customer.subscription.{change}", subscription))
        assert changed.type == "subscription_changed"
        assert changed.entity == "stripe:cus_1"
        assert changed.payload == {
            "id": "sub_1",
            "change": change,
            "status": "active",
            "current_period_end": "2026-03-05T12:00:00+00:00",
            "cancel_at_period_end": False,
            "customer": "cus_1",
            "started_at": None,
            "canceled_at": None,
            "ended_at": None,
            "amount": 0,
            "currency": None,
            "interval": None,
            "interval_count": None,
        }


def test_a_subscription_says_what_it_costs_and_that_it_will_end() -> None:
    yearly = {"unit_amount": 2900, "recurring": {"interval": "year", "interval_count": 1}}
    subscription = {
        "id": "sub_1",
        "status": "active",
        "currency": "eur",
        "cancel_at": CREATED + 120,
        "canceled_at": CREATED,
        "items": {"data": [{"price": yearly, "quantity": 2, "current_period_end": CREATED + 60}, {"price": yearly}]},
    }
    said = one(event("customer.subscription.updated", subscription)).payload
    assert (said["amount"], said["currency"], said["interval"], said["interval_count"]) == (8700, "eur", "year", 1)
    # A date to end at, instead of the end of the period: it ends all the same.
    assert (said["cancel_at_period_end"], said["current_period_end"]) == (True, "2026-03-05T12:02:00+00:00")
    assert said["canceled_at"] == "2026-03-05T12:00:00+00:00"


def test_a_checkout_that_begins_a_subscription_says_whose_it_is() -> None:
    bought = one(event("checkout.session.completed", session(subscription="sub_1", customer="cus_1")))
    assert (bought.payload["subscription"], bought.payload["customer"]) == ("sub_1", "cus_1")


def test_an_event_of_an_unknown_type_keeps_its_name_and_its_object() -> None:
    unknown = one(event("v2.Core.Account-Created", {"id": "acct_1", "nested": {"a": [1]}}))
    assert unknown.type == "stripe.v2.core.account_created"
    assert unknown.payload == {"object": {"id": "acct_1", "nested": {"a": [1]}}}
    assert unknown.occurred_at == datetime.fromtimestamp(CREATED, UTC)


def test_an_event_without_an_id_is_recognised_by_its_content() -> None:
    body = event("checkout.session.completed", session(), id=None)
    with pytest.raises(NotUnderstood, match="no id") as kept:
        Stripe().translate(Headers(), body)
    assert str(kept.value.incoming.sender_id).startswith("sha256:")


@pytest.mark.parametrize("created", [None, "yesterday", 10**30, -(10**18), True, 1.5])
def test_an_impossible_time_is_no_time(created: object) -> None:
    assert one(event("charge.refunded", {"id": "ch_1"}, created=created)).occurred_at is None


@pytest.mark.parametrize("body", [b"", b"[]", b"3", b"null", b'"text"', b"{", b"\xff{}"])
def test_what_is_not_an_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        Stripe().translate(Headers(), body)


@pytest.mark.parametrize("body", [b"{}", b'{"type": 3}', b'{"type":"charge.refunded"}', b'{"data": []}'])
def test_an_object_that_is_no_event_is_kept(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        Stripe().translate(Headers(), body)


def test_with_a_live_key_what_was_paid_in_test_mode_is_no_sale() -> None:
    paid = session()
    for live, livemode in ((True, True), (False, False), (False, True), (True, None)):
        (taken,) = Stripe(live_money=live).translate(
            Headers(), event("checkout.session.completed", paid, livemode=livemode)
        )
        assert taken.type == "purchase_completed"
    with pytest.raises(NotUnderstood, match="test mode") as kept:
        Stripe(live_money=True).translate(Headers(), event("checkout.session.completed", paid, livemode=False))
    assert kept.value.incoming.sender_id == "evt_1"
