"""What a browser keeps of an affiliate's link: whose it was and when it was followed, signed, and no person."""

from __future__ import annotations

from datetime import UTC, datetime

from itsdangerous import BadData

from domain.affiliates import Brought
from providers.links import load, serializer

_PURPOSE = "affiliate"


def brought_token(secret: str, brought: Brought) -> str:
    """The cookie's value."""
    return serializer(secret, _PURPOSE).dumps([brought.code, str(int(brought.at.timestamp()))])


def read_brought(secret: str, token: str) -> Brought | None:
    """What the cookie says; None for what `brought_token` did not make."""
    try:
        code, at = load(serializer(secret, _PURPOSE), token)
        return Brought(code, datetime.fromtimestamp(int(at), UTC))
    except (BadData, ValueError, TypeError, AttributeError):
        return None
