"""Links to what was bought: signed, with an end, without personal data inside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from itsdangerous import BadData

from domain.errors import NotFound
from providers.links import load, serializer

_PURPOSE = "delivery"


@dataclass(frozen=True, slots=True)
class DeliveryLink:
    """Which order, until when (real)."""

    order_id: UUID
    ends: datetime


def delivery_token(secret: str, link: DeliveryLink) -> str:
    """The token of the link: URL-safe, the same for the same link."""
    return serializer(secret, _PURPOSE).dumps([link.order_id.hex, str(int(link.ends.timestamp()))])


def delivery_url(public_url: str, token: str) -> str:
    """Where `GET /d/{token}` shows what was bought and `POST /d/{token}` gives a file of it."""
    return f"{public_url}/d/{token}"


def read_delivery(secret: str, token: str) -> DeliveryLink:
    """What the token says, whether or not it has ended. Raises NotFound for what `delivery_token` did not make."""
    try:
        order, ends = load(serializer(secret, _PURPOSE), token)
        return DeliveryLink(UUID(hex=order), datetime.fromtimestamp(int(ends), UTC))
    except (BadData, ValueError, TypeError, AttributeError):
        raise NotFound("This link is not one of ours, or it is not whole.") from None
