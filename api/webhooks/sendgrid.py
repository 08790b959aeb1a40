"""SendGrid: checks the ECDSA signature of its Event Webhook and reads each event of a batch.

Scheme: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
(ECDSA with SHA-256 over timestamp and raw body; signature in base64, public key in base64 DER).
Events: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event. The body ends in CR LF and is
signed so: any re-encoding breaks it. SendGrid sends events more than once; `sg_event_id` tells.
"""

from __future__ import annotations

import base64
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from starlette.datastructures import Headers

from api.webhooks import timestamped
from api.webhooks.base import BadSignature, DeadLetter, Malformed, NotUnderstood, only
from api.webhooks.drafts import Draft, incoming, lacking
from api.webhooks.reading import JsonObject, canonical, child, email, epoch, event_type, parse, text
from domain.events import Incoming

MAX_ITEMS = 10_000  # A real event takes 200 bytes or more: five times what fits into a delivery.
_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_TYPES: Final = {
    "processed": "email_processed",
    "delivered": "email_delivered",
    "open": "email_opened",
    "click": "email_clicked",
    "bounce": "email_bounced",
    "dropped": "email_failed",
    "spamreport": "email_complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
    "deferred": "email_delivery_delayed",
}


class SendGrid:
    """`sender_id` is `sg_event_id`; the secret is the public key that SendGrid shows, in base64."""

    name: Final = "sendgrid"

    def signed_at(self, headers: Headers) -> int:
        return timestamped.seconds(only(headers, _TIMESTAMP))

    def check(self, secret: str, headers: Headers, body: bytes) -> None:
        key = load_der_public_key(base64.b64decode(secret, validate=True))
        if not isinstance(key, EllipticCurvePublicKey):
            raise BadSignature("The configured key is not one of SendGrid's.")
        signature = base64.b64decode(only(headers, _SIGNATURE), validate=True)
        key.verify(signature, only(headers, _TIMESTAMP).encode("ascii") + body, ECDSA(SHA256()))

    def translate(self, headers: Headers, body: bytes) -> list[Incoming]:  # noqa: ARG002 - GitHub's need them
        batch = parse(body)
        if not isinstance(batch, list):
            raise Malformed("The body is not a JSON array.")
        if len(batch) > MAX_ITEMS:
            raise Malformed(f"The body holds more than {MAX_ITEMS} events.")
        understood: list[Incoming] = []
        dead: list[DeadLetter] = []
        for item in batch:
            event, reason = _item(item)
            if reason:
                dead.append(DeadLetter(reason, event))
            else:
                understood.append(event)
        if dead:
            raise NotUnderstood(dead[0].reason, dead[0].incoming, more=dead[1:], understood=understood)
        return understood


def _item(item: object) -> tuple[Incoming, str | None]:
    """One event of the batch, and why it cannot be used. Its `raw` is its own canonical JSON."""
    found = child(item)
    draft = _draft(found)
    sender_id = text(found.get("sg_event_id"))
    occurred_at = epoch(found.get("timestamp"))
    event = incoming(draft, source="sendgrid", sender_id=sender_id, occurred_at=occurred_at, raw=canonical(item))
    return event, lacking(draft, sender_id)


def _draft(item: JsonObject) -> Draft:
    name = text(item.get("event")) or "unknown"
    if name not in _TYPES:
        missing = "It is not an event." if name == "unknown" else None
        return Draft(event_type("sendgrid", name), {"object": item}, lacking=missing)
    key = text(item.get("perennial_key"))
    # `sg_message_id` is what the API answered as X-Message-Id, a dot, and where it was processed.
    message = (text(item.get("sg_message_id")) or "").partition(".")[0] or None
    address = email(item.get("email"))
    named = key or message or address
    return Draft(
        _TYPES[name],
        {
            "provider": "sendgrid",
            "provider_message_id": message,
            "key": key,
            "link": text(item.get("url")),
            "bounce": _bounce(item) if name == "bounce" else None,
            "reason": text(item.get("reason")) or text(item.get("response")),
            "machine": item.get("sg_machine_open") is True,
        },
        email=address,
        entity=f"message:{key or message}" if key or message else None,
        lacking=None if named else "It names neither a message nor an address.",
    )


def _bounce(item: JsonObject) -> dict[str, str | None]:
    """`type` is `bounce` for an address that will never work and `blocked` for a refusal that may pass."""
    return {"kind": "soft" if item.get("type") == "blocked" else "hard", "reason": text(item.get("reason"))}
