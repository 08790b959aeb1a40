"""The vendors that sign: their old and their new secrets, and what they send."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from api.webhooks.signing import (
    sendgrid_key,
    sign_calendly,
    sign_cms,
    sign_github,
    sign_resend,
    sign_sendgrid,
    sign_stripe,
)
from tests.faults.kit import Delivery

SOURCES = ("stripe", "calendly", "github", "resend", "sendgrid", "cms")
Json = dict[str, Any]


class Vendors:
    """Signs as the vendors do, with the secret `new`, `old`, or `strange`, which nobody was ever given."""

    def __init__(self) -> None:
        self._sendgrid = {which: sendgrid_key() for which in ("old", "new", "strange")}
        self._secret = uuid4().hex

    def secret(self, source: str, which: str) -> str:
        """What is configured on our side."""
        if source == "sendgrid":
            return self._sendgrid[which][1]
        if source in {"resend", "cms"}:
            return "whsec_" + base64.b64encode(f"{self._secret}{which}".encode()).decode()
        return f"{source}-{which}-{self._secret}"

    def settings(self, which: Sequence[str]) -> dict[str, str]:
        """The settings of all sources, with these of their secrets."""
        # Fields in Settings; their variables are the same in capitals.
        names = {source: f"{source}_webhook_secret" for source in SOURCES} | {"sendgrid": "sendgrid_webhook_public_key"}
        return {names[source]: ",".join(self.secret(source, one) for one in which) for source in SOURCES}

    def sign(self, source: str, body: bytes, which: str = "new", at: datetime | None = None) -> dict[str, str]:
        """The headers that the vendor sends with this body."""
        at, secret = at or datetime.now(UTC), self.secret(source, which)
        signers: Mapping[str, Callable[[], dict[str, str]]] = {
            "stripe": lambda: sign_stripe(secret, body, at),
            "calendly": lambda: sign_calendly(secret, body, at),
            "github": lambda: sign_github(secret, body, event="release", delivery=str(uuid4())),
            "resend": lambda: sign_resend(secret, body, at, message_id=f"msg_{uuid4().hex}"),
            "cms": lambda: sign_cms(secret, body, at, message_id=f"msg_{uuid4().hex}"),
            "sendgrid": lambda: sign_sendgrid(self._sendgrid[which][0], body, at),
        }
        return signers[source]()

    def deliver(self, source: str, name: str, content: object, which: str = "new") -> Delivery:
        """A signed webhook that is known to its sender as `name`."""
        body = json.dumps(content).encode()
        return Delivery(name, f"/webhooks/{source}", body, lambda: self.sign(source, body, which))


def charge(name: str, email: str, *, at: datetime | None = None) -> Json:
    """Stripe's `invoice.payment_failed`: an event that is stored and routed, and starts nothing."""
    invoice = {"id": f"in_{name}", "customer_email": email, "attempt_count": 1, "amount_due": 900, "customer": None}
    return stripe_event(name, "invoice.payment_failed", invoice, at)


def stripe_event(name: str, kind: str, about: Json, at: datetime | None = None) -> Json:
    """An event of Stripe's whose id is `name`."""
    created = int((at or datetime.now(UTC)).timestamp())
    return {"id": name, "object": "event", "type": kind, "created": created, "data": {"object": about}}


def purchase(
    name: str,
    email: str,
    products: Sequence[str],
    *,
    at: datetime | None = None,
    cart: str | None = None,
    intent: str | None = None,
) -> Json:
    """Stripe's `checkout.session.completed`."""
    session = {
        "id": f"cs_{name}",
        "mode": "payment",
        "payment_status": "paid",
        "amount_total": 1499,
        "currency": "usd",
        "client_reference_id": cart,
        "customer_details": {"email": email, "name": "Ada Buyer"},
        "metadata": {"products": ",".join(products)},
        "payment_intent": intent or f"pi_{name}",
    }
    return stripe_event(name, "checkout.session.completed", session, at)
