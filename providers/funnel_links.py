"""What a funnel knows its visitors by: numbers that we signed, with nothing of the person inside."""

from __future__ import annotations

from uuid import UUID

from itsdangerous import BadData

from domain.errors import NotFound
from providers.links import load, serializer

_VISITOR = "funnel visitor"
_PAID = "funnel checkout"


def visitor_token(secret: str, visitor: UUID) -> str:
    """What the visitor's browser keeps."""
    return serializer(secret, _VISITOR).dumps([visitor.hex])


def read_visitor(secret: str, token: str) -> UUID | None:
    """Whose browser it is; None for what `visitor_token` did not make."""
    return _read(secret, _VISITOR, token)


def checkout_token(secret: str, checkout_id: UUID) -> str:
    """By what the till leads back, so that nobody sees another one's order by trying numbers."""
    return serializer(secret, _PAID).dumps([checkout_id.hex])


def read_checkout(secret: str, token: str) -> UUID:
    """Which checkout was paid, or is said to be. Raises NotFound for what `checkout_token` did not make."""
    found = _read(secret, _PAID, token)
    if found is None:
        raise NotFound("This link is not one of ours, or it is not whole.")
    return found


def _read(secret: str, purpose: str, token: str) -> UUID | None:
    try:
        [found] = load(serializer(secret, purpose), token)
        return UUID(hex=found)
    except (BadData, ValueError, TypeError, AttributeError):
        return None
