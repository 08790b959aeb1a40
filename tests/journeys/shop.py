"""What a shop and its payment processor tell."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx

from demo import bodies
from tests.journeys.town import Person, Town


async def buy(
    town: Town, person: Person, *products: str, intent: str | None = None, cart: str | None = None
) -> httpx.Response:
    """Stripe tells that a person paid."""
    checkout = bodies.stripe_checkout(
        email=person.email, name=person.name, products=products, amount=14900 * len(products), intent=intent,
        cart=cart, at=datetime.now(UTC),
    )  # fmt: skip
    return await town.senders.stripe(checkout)


async def check_out(town: Town, person: Person, cart: str) -> httpx.Response:
    """The shop tells that a person started a checkout."""
    item = {"id": "field-guide", "name": "The Field Guide to Quiet Systems", "price": "14.99", "quantity": 1}
    payload = {"cart_id": cart, "items": [item], "total": "14.99", "currency": "USD"}
    return await town.senders.event(
        {"type": "checkout_started", "email": person.email, "source": "shop", "payload": payload}
    )
