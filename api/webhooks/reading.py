"""Reading what strangers send: whatever comes out can be stored in PostgreSQL, text and JSONB alike."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Never

from api.webhooks.base import Malformed

JsonObject = dict[str, Any]

MAX_DEPTH = 64  # Vendors nest ten deep; PostgreSQL and json.dumps give up at some thousands.
MAX_ID_CHARS = 1000
MAX_EMAIL_CHARS = 320
MAX_TYPE_CHARS = 100
_INT64 = 2**63
_YEARS = range(1970, 2200)  # Outside of it, adding a delay could leave what datetime can hold.

# JSONB refuses NUL; UTF-8 has no form for half a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NOT_TYPE = re.compile(r"[^a-z0-9_.]")


def parse(body: bytes) -> object:
    """The JSON value of a body, storable all the way down. Raises `Malformed` for anything else.

    Duplicate keys are tolerated (the last wins). NaN, Infinity, numbers that overflow a double, integers
    of more than 4,300 digits and nesting deeper than 64 are refused.
    """
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise Malformed("The body is nested too deeply.") from None
    except ValueError:
        raise Malformed("The body is not valid JSON in UTF-8.") from None
    return _storable(value, MAX_DEPTH)


def parse_object(body: bytes) -> JsonObject:
    """The JSON object of a body. Raises `Malformed`."""
    value = parse(body)
    if not isinstance(value, dict):
        raise Malformed("The body is not a JSON object.")
    return value


def storable(value: str) -> str:
    """The text with what PostgreSQL cannot hold replaced by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", value)


def child(value: object, *keys: str) -> JsonObject:
    """The object found by following keys; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """The list, or an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str | None:
    """A text with something in it, else None."""
    return value if isinstance(value, str) and value.strip() else None


def email(value: object) -> str | None:
    """A text that could be an address by its length and its @; the caller normalises it."""
    found = text(value)
    return found if found and "@" in found and len(found) <= MAX_EMAIL_CHARS else None


def integer(value: object) -> int | None:
    """A whole number that fits a BIGINT, else None. True and False are none."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -_INT64 <= value < _INT64 else None


def reference(value: object) -> str | None:
    """The id of something that may be given by its id or expanded to an object with one (Stripe)."""
    return text(value.get("id")) if isinstance(value, dict) else text(value)


def epoch(value: object) -> datetime | None:
    """The UTC moment of Unix seconds, else None."""
    seconds = integer(value)
    try:
        return _within(datetime.fromtimestamp(seconds, UTC)) if seconds is not None else None
    except (OverflowError, ValueError, OSError):
        return None


def moment(value: object) -> datetime | None:
    """The UTC moment of an ISO 8601 text, else None. Without an offset it is taken as UTC."""
    found = text(value)
    if found is None:
        return None
    try:
        parsed = datetime.fromisoformat(found.strip())
        return _within((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC))
    except (OverflowError, ValueError):
        return None


def iso(value: datetime | None) -> str | None:
    """A moment as ISO 8601 with its offset, for payloads."""
    return value.isoformat() if value else None


def utm(values: Mapping[str, object]) -> dict[str, str]:
    """The `utm_…` entries that hold text, under their own names."""
    return {key: found for key, value in values.items() if key.startswith("utm_") and (found := text(value))}


def event_type(source: str, name: str) -> str:
    """A vendor's own event name as a type of ours that nothing reacts to: `stripe.customer.created`."""
    return f"{source}.{_NOT_TYPE.sub('_', name.lower())}"[:MAX_TYPE_CHARS]


def identifier(value: str) -> str:
    """An id that fits; a longer one is replaced by its digest, so that repeats are still recognised."""
    return value if len(value) <= MAX_ID_CHARS else digest(value.encode())


def digest(content: bytes) -> str:
    """An id for what has none of its own: the same content is the same event."""
    return f"sha256:{sha256(content).hexdigest()}"


def canonical(value: object) -> bytes:
    """One JSON text for equal values, in ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _within(value: datetime) -> datetime | None:
    return value if value.year in _YEARS else None


def _refuse(constant: str) -> Never:
    raise ValueError(constant)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise ValueError(digits)
    return number


def _storable(value: object, depth: int) -> object:
    if isinstance(value, str):
        return storable(value)
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        raise Malformed("The body is nested too deeply.")
    if isinstance(value, list):
        return [_storable(item, depth - 1) for item in value]
    return {storable(key): _storable(item, depth - 1) for key, item in value.items()}
