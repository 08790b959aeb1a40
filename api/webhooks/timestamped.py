"""The header `t=…,v1=…` that Stripe and Calendly share, read strictly."""

from __future__ import annotations

import re

from api.webhooks.base import BadSignature

_SECONDS = re.compile(r"[0-9]{1,12}")


def seconds(value: str) -> int:
    """Unix seconds in plain ASCII digits; int() alone would take signs, spaces, underscores and other digits."""
    if not _SECONDS.fullmatch(value):
        raise BadSignature("The timestamp is not a number of seconds.")
    return int(value)


def fields(header: str) -> list[tuple[str, str]]:
    """The header's parts in order. Raises `BadSignature` unless each is `key=value` and exactly one is `t`."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    if any(not separator for _, separator, _ in pairs) or [key for key, _, _ in pairs].count("t") != 1:
        raise BadSignature("The signature header cannot be read.")
    return [(key, value) for key, _, value in pairs]


def signed_at(header: str) -> int:
    """The time in the header, in Unix seconds."""
    return seconds(dict(fields(header))["t"])
