"""Signs bodies as the vendors do, for tests and the demo. Written against their documents, not our checks."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_JSON = {"content-type": "application/json"}


def sign_stripe(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers that Stripe sends with `body`; `at` is real time."""
    return _JSON | {"stripe-signature": _timestamped(secret, body, at)}


def sign_calendly(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers that Calendly sends with `body`; `at` is real time."""
    return _JSON | {"calendly-webhook-signature": _timestamped(secret, body, at)}


def sign_github(secret: str, body: bytes, *, event: str, delivery: str) -> dict[str, str]:
    """The headers that GitHub sends with `body`: `event` such as `release`, `delivery` a unique id."""
    signature = "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()
    return _JSON | {"x-github-event": event, "x-github-delivery": delivery, "x-hub-signature-256": signature}


def sign_resend(secret: str, body: bytes, at: datetime, *, message_id: str) -> dict[str, str]:
    """The headers that Resend sends with `body`; `secret` is `whsec_` and base64, `message_id` names the event."""
    return _standard("svix", secret, body, at, message_id)


def sign_cms(secret: str, body: bytes, at: datetime, *, message_id: str) -> dict[str, str]:
    """The headers of Standard Webhooks, for a CMS; secret and id as Resend's."""
    return _standard("webhook", secret, body, at, message_id)


def sign_sendgrid(key: EllipticCurvePrivateKey, body: bytes, at: datetime) -> dict[str, str]:
    """The headers that SendGrid sends with `body`; `key` as made by `sendgrid_key`."""
    timestamp = str(int(at.timestamp()))
    signature = base64.b64encode(key.sign(timestamp.encode() + body, ECDSA(SHA256()))).decode()
    return _JSON | {
        "x-twilio-email-event-webhook-signature": signature,
        "x-twilio-email-event-webhook-timestamp": timestamp,
    }


def sendgrid_key() -> tuple[EllipticCurvePrivateKey, str]:
    """A new key pair: the private key to sign with, and the public key as SendGrid shows it (base64 DER)."""
    key = generate_private_key(SECP256R1())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return key, base64.b64encode(public).decode()


def _timestamped(secret: str, body: bytes, at: datetime) -> str:
    timestamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()
    return f"t={timestamp},v1={digest}"


def _standard(prefix: str, secret: str, body: bytes, at: datetime, message_id: str) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    timestamp = str(int(at.timestamp()))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, "sha256").digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return _JSON | {f"{prefix}-id": message_id, f"{prefix}-timestamp": timestamp, f"{prefix}-signature": signature}
