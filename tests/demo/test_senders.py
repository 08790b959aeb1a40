"""The demo's senders are understood by the product's own checks, and remember what they sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.datastructures import Headers

from api.webhooks import configured
from demo import bodies
from demo.senders import NotTaken, Secrets, Senders

NOW = datetime.now(UTC)
SECRETS = Secrets(stripe="whsec_stripe", calendly="calendly", github="github", events_key="pk_shop")
SOURCES = configured({"stripe": [SECRETS.stripe], "calendly": [SECRETS.calendly], "github": [SECRETS.github]})


class Ends:
    """Both ends of the line: what was posted, and senders that post it."""

    def __init__(self, *statuses: int) -> None:
        self.requests: list[httpx.Request] = []
        self._statuses = iter(statuses)
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer), base_url="http://api.example")
        self.senders = Senders(http, SECRETS)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(next(self._statuses, 202))


async def _read(source: str, event: dict[str, Any]) -> Any:
    """What the product reads of a delivery, once it has checked its signature."""
    ends = Ends()
    await getattr(ends.senders, source)(event)
    request = ends.requests[0]
    headers = Headers(dict(request.headers))
    SOURCES[source].verify(headers, request.content, datetime.now(UTC))
    (incoming,) = SOURCES[source].translate(headers, request.content)
    return incoming


async def test_a_checkout_of_the_demo_is_a_signed_purchase_with_its_products_and_cart() -> None:
    event = bodies.stripe_checkout(
        email="bob@people.example", name="Bob", products=["a", "b"], amount=1499, at=NOW, cart="cart-1"
    )
    incoming = await _read("stripe", event)
    assert (incoming.type, incoming.email) == ("purchase_completed", "bob@people.example")
    assert (incoming.payload["products"], incoming.payload["cart_id"]) == (["a", "b"], "cart-1")


async def test_a_refund_of_the_demo_names_the_payment_and_the_product() -> None:
    event = bodies.stripe_refund(email="bob@people.example", products=["a"], amount=100, intent="pi_1", at=NOW)
    incoming = await _read("stripe", event)
    assert (incoming.type, incoming.payload["payment_intent"]) == ("refund", "pi_1")
    assert incoming.payload["products"] == ["a"]


async def test_a_subscription_of_the_demo_names_its_customer_and_its_period() -> None:
    account = bodies.Account("rita@people.example", "year", 29000)
    incoming = await _read("stripe", bodies.stripe_subscription("updated", account, ends_at=NOW, at=NOW, ends=True))
    said = incoming.payload
    assert (incoming.type, incoming.email, said["customer"]) == ("subscription_changed", None, account.customer)
    assert (said["interval"], said["amount"], said["cancel_at_period_end"]) == ("year", 29000, True)
    assert datetime.fromisoformat(said["current_period_end"]) == NOW.replace(microsecond=0)


async def test_an_invoice_of_the_demo_names_the_person_the_subscription_and_the_attempt() -> None:
    account = bodies.Account("paul@people.example", "month", 2900)
    incoming = await _read("stripe", bodies.stripe_invoice("payment_failed", account, attempt=2, at=NOW))
    said = incoming.payload
    assert (incoming.type, incoming.email) == ("payment_failed", "paul@people.example")
    assert (said["subscription"], said["customer"], said["retry"]) == (account.number, account.customer, 2)


async def test_both_halves_of_a_reschedule_name_each_other() -> None:
    old, new = bodies.invitee_uri(), bodies.invitee_uri()
    who = {"email": "fay@people.example", "name": "Fay"}
    canceled = await _read(
        "calendly", bodies.calendly_canceled(**who, invitee=old, starts_at=NOW, at=NOW, new_invitee=new)
    )
    created = await _read(
        "calendly", bodies.calendly_created(**who, invitee=new, starts_at=NOW, at=NOW, old_invitee=old)
    )
    assert (canceled.type, canceled.payload["rescheduled"], canceled.payload["new_invitee"]) == (
        "demo_canceled", True, new,
    )  # fmt: skip
    assert (created.type, created.payload["old_invitee"]) == ("demo_booked", old)


async def test_a_cancellation_of_the_demo_is_no_reschedule() -> None:
    who = {"email": "dora@people.example", "name": "Dora"}
    event = bodies.calendly_canceled(**who, invitee=bodies.invitee_uri(), starts_at=NOW, at=NOW)
    assert (await _read("calendly", event)).payload["rescheduled"] is False


async def test_a_release_of_the_demo_is_published_with_its_text() -> None:
    event = bodies.github_release(repository="acme/tool", release_id=1, tag="v1", name="One", body="Words.", at=NOW)
    incoming = await _read("github", event)
    assert (incoming.type, incoming.payload["body"]) == ("release_published", "Words.")


async def test_a_second_delivery_has_the_same_bytes_and_a_signature_of_its_own_moment() -> None:
    ends = Ends()
    await ends.senders.stripe({"id": "evt_1"})
    (delivery,) = ends.senders.delivered
    await ends.senders.deliver(delivery)
    first, second = ends.requests
    assert first.content == second.content
    later = delivery.headers(datetime(2030, 1, 1, tzinfo=UTC))["stripe-signature"]
    assert later != second.headers["stripe-signature"]


async def test_githubs_delivery_id_stays_the_same_when_it_delivers_again() -> None:
    ends = Ends()
    await ends.senders.github({"action": "published"})
    await ends.senders.deliver(ends.senders.delivered[0])
    first, second = (request.headers["x-github-delivery"] for request in ends.requests)
    assert first == second


async def test_a_second_click_posts_the_same_registration_and_is_no_delivery_to_repeat_later() -> None:
    ends = Ends(303, 303)
    answers = await ends.senders.registration("WB001", clicks=2, email="walt@people.example")
    assert answers == [303, 303]
    assert ends.requests[0].content == ends.requests[1].content
    assert (ends.requests[0].url.path, ends.senders.delivered) == ("/webinars/WB001", [])


async def test_what_could_not_be_made_durable_is_sent_again_as_vendors_do() -> None:
    ends = Ends(503, 202)
    answer = await ends.senders.event({"type": "signup", "email": "ada@people.example"})
    assert (answer.status_code, len(ends.requests)) == (202, 2)
    assert ends.requests[0].content == ends.requests[1].content
    assert len(ends.senders.delivered) == 1


async def test_what_is_refused_is_not_sent_again_and_is_not_remembered() -> None:
    ends = Ends(400)
    with pytest.raises(NotTaken, match="400"):
        await ends.senders.stripe({"id": "evt_1"})
    assert (len(ends.requests), ends.senders.delivered) == (1, [])


def test_no_secret_is_shown() -> None:
    assert "stripe" not in repr(SECRETS).replace("Secrets", "")
