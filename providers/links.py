"""Links that prove by themselves that we made them: no table, no expiry, no personal data inside."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from domain.errors import NotFound

MAX_TOKEN_CHARS = 300


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Who wants no more mail, and which message said so (None where it was none)."""

    contact_id: UUID
    message_id: UUID | None


@dataclass(frozen=True, slots=True)
class Confirm:
    """Whose address it is, and the message that only its mailbox has seen."""

    contact_id: UUID
    message_id: UUID


def unsubscribe_token(secret: str, contact_id: UUID, message_id: UUID | None = None) -> str:
    """The token of an unsubscribe link: URL-safe, the same for the same arguments, without an end.

    RFC 8058 asks that it works without a cookie or a sign-in; CAN-SPAM that it works for 30 days and more.
    """
    return serializer(secret, "unsubscribe").dumps([contact_id.hex, message_id.hex if message_id else ""])


def unsubscribe_url(public_url: str, token: str) -> str:
    """Where `GET /u/{token}` asks and `POST /u/{token}` does it."""
    return f"{public_url}/u/{token}"


def read_unsubscribe(secret: str, token: str) -> Unsubscribe:
    """What the token says. Raises NotFound for anything that `unsubscribe_token` did not make."""
    try:
        contact, message = load(serializer(secret, "unsubscribe"), token)
        return Unsubscribe(UUID(hex=contact), UUID(hex=message) if message else None)
    except (BadData, ValueError, TypeError, AttributeError):
        raise NotFound("This link is not one of ours, or it is not whole.") from None


def preferences_url(public_url: str, token: str) -> str:
    """Where a person chooses what to hear about, by the token of their unsubscribe link."""
    return f"{unsubscribe_url(public_url, token)}/preferences"


def confirm_url(public_url: str, secret: str, contact_id: UUID, message_id: UUID) -> str:
    """Where `GET /c/{token}` asks and `POST /c/{token}` confirms the address that the message was sent to."""
    token = serializer(secret, "confirm").dumps([contact_id.hex, message_id.hex])
    return f"{public_url}/c/{token}"


def read_confirm(secret: str, token: str) -> Confirm:
    """What the token says. Raises NotFound for anything that `confirm_url` did not make."""
    try:
        contact, message = load(serializer(secret, "confirm"), token)
        return Confirm(UUID(hex=contact), UUID(hex=message))
    except (BadData, ValueError, TypeError, AttributeError):
        raise NotFound("This link is not one of ours, or it is not whole.") from None


def serializer(secret: str, purpose: str) -> URLSafeSerializer:
    """What signs tokens of one purpose."""
    # The purpose is a salt, so that a token for one thing is never one for another.
    return URLSafeSerializer(
        secret,
        salt=f"perennial.{purpose}",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def load(signer: URLSafeSerializer, token: str) -> list[str]:
    """The texts in a token. Raises BadData for what was not signed, or is spelled otherwise than we spell it."""
    if len(token) > MAX_TOKEN_CHARS:
        raise BadData("too long")
    parts = signer.loads(token)
    # Base64 has spare bits at its end: several spellings decode to one signature. Only ours counts.
    if not isinstance(parts, list) or signer.dumps(parts) != token:
        raise BadData("not our spelling")
    return [str(part) for part in parts]
