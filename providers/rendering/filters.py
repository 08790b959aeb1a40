"""What templates may do with a value, beside Liquid's own filters."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from liquid.exceptions import FilterArgumentError
from liquid.undefined import is_undefined

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CAD": "CA$", "AUD": "A$", "JPY": "¥"}
WITHOUT_CENTS = frozenset({"JPY", "KRW"})
SCHEMES = frozenset({"http", "https", "mailto", "tel"})
LONGEST_NAME = 40
LONGEST_COMPANY = 60
_NO_NAME = re.compile(r"[\x00-\x1f\x7f<>{}|\\^~\[\]@/:%]|www\.|\.[a-z]{2,}\b", re.IGNORECASE)


def money(value: object, currency: object = "USD") -> str:
    """`149` → `$149.00`; `("12.5", "eur")` → `€12.50`; nothing for nothing."""
    if _is_nothing(value):
        return ""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise FilterArgumentError("money: not an amount", token=None) from None
    code = "USD" if _is_nothing(currency) else str(currency).upper()
    digits = f"{abs(amount):,.{0 if code in WITHOUT_CENTS else 2}f}"
    sign = "-" if amount < 0 else ""
    return f"{sign}{SYMBOLS[code]}{digits}" if code in SYMBOLS else f"{sign}{digits} {code}"


def day(value: object) -> str:
    """A datetime, date or ISO 8601 text → `Thursday, 5 March`."""
    moment = _moment(value)
    return f"{moment:%A}, {moment.day} {moment:%B}" if moment else ""


def when(value: object) -> str:
    """A datetime or ISO 8601 text → `Thursday, 5 March 2026 at 14:00 CET`, in the zone that it carries."""
    moment = _moment(value)
    return f"{moment:%A}, {moment.day} {moment:%B %Y} at {moment:%H:%M %Z}".rstrip() if moment else ""


def formatted(value: object, pattern: object = "%Y-%m-%d") -> str:
    """Liquid's `date`, for a datetime or ISO 8601 text and strftime's directives; it knows no `now`."""
    moment = _moment(value)
    return moment.strftime(str(pattern)[:100]) if moment else ""


def given_name(value: object) -> str:
    """A first name, or nothing where somebody typed something else into the field.

    Forms are filled with links and advertisements so that our mail carries them to others.
    """
    return _plain_words(value, LONGEST_NAME)


def org_name(value: object) -> str:
    """A company's name, or nothing where it is none, as `given_name`."""
    return _plain_words(value, LONGEST_COMPANY)


def _plain_words(value: object, longest: int) -> str:
    words = "" if _is_nothing(value) else " ".join(str(value).split())
    return "" if len(words) > longest or _NO_NAME.search(words) else words


def safe_url(value: object) -> str:
    """The address if a click on it can only open a page, a mail or a call; else `#`."""
    url = "" if _is_nothing(value) else str(value).strip()
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        return "#"
    return url if scheme in SCHEMES else "#"


FILTERS: dict[str, Callable[..., str]] = {
    "money": money,
    "day": day,
    "when": when,
    "date": formatted,
    "given_name": given_name,
    "org_name": org_name,
    "safe_url": safe_url,
}


def _is_nothing(value: object) -> bool:
    return value is None or value == "" or is_undefined(value)


def _moment(value: object) -> datetime | None:
    if _is_nothing(value):
        return None
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  a date has no zone
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        raise FilterArgumentError("not a date", token=None) from None
