"""Links to what was given for an address: signed, with an end, without personal data inside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from itsdangerous import BadData

from domain.errors import NotFound
from providers.links import load, serializer

_PURPOSE = "magnet"


@dataclass(frozen=True, slots=True)
class MagnetLink:
    """Who gets which magnet, until when (real)."""

    contact_id: UUID
    magnet: str
    ends: datetime


def magnet_token(secret: str, link: MagnetLink) -> str:
    """The token of the link: URL-safe, the same for the same link."""
    given = [link.contact_id.hex, link.magnet, str(int(link.ends.timestamp()))]
    return serializer(secret, _PURPOSE).dumps(given)


def magnet_url(public_url: str, token: str) -> str:
    """Where `GET /m/{token}` shows a button and `POST /m/{token}` gives the file."""
    return f"{public_url}/m/{token}"


def read_magnet(secret: str, token: str) -> MagnetLink:
    """What the token says, whether or not it has ended. Raises NotFound for what `magnet_token` did not make."""
    try:
        contact, magnet, ends = load(serializer(secret, _PURPOSE), token)
        return MagnetLink(UUID(hex=contact), magnet, datetime.fromtimestamp(int(ends), UTC))
    except (BadData, ValueError, TypeError, AttributeError):
        raise NotFound("This link is not one of ours, or it is not whole.") from None
