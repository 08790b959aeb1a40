"""What something costs at a moment: its list price, less the one promotion that is best for the buyer.

A promotion holds from `starts_at` until just before `ends_at`, both real instants. Promotions never add up. A price
that was begun to be paid in time may be paid for as long as the till can be told to stay open for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from domain.money import rounded

# A Checkout session is open from 30 minutes to 24 hours (docs.stripe.com/api/checkout/sessions/create, `expires_at`).
SHORTEST: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=24)
_WHOLE: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Promotion:
    """What some products cost for a while: `percent` off their list price, or the price `amount`; never both."""

    slug: str
    products: frozenset[str]
    starts_at: datetime
    ends_at: datetime
    percent: int = 0
    amount: Decimal | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it is on at that moment: its first instant belongs to it, its last does not."""
        return self.starts_at <= at < self.ends_at

    def price_of(self, listed: Decimal, currency: str) -> Decimal:
        """What something of that list price costs in it: never more than without it, and never below nothing."""
        asked = self.amount if self.amount is not None else listed * (_WHOLE - self.percent) / _WHOLE
        return min(listed, max(Decimal(0), rounded(asked, currency)))


@dataclass(frozen=True, slots=True)
class Priced:
    """What something costs at a moment, in the currency's main unit. `promotion` made it so until `ends_at`, if any."""

    amount: Decimal
    list_amount: Decimal
    currency: str
    promotion: Promotion | None = None
    ends_at: datetime | None = None

    @property
    def saved(self) -> Decimal:
        """How much less it is than by the list."""
        return self.list_amount - self.amount


def priced(product: str, listed: Decimal, currency: str, promotions: Iterable[Promotion], at: datetime) -> Priced:
    """The product's price at that moment. Of two promotions with the same price the one that lasts longer is named."""
    holding = [one for one in promotions if product in one.products and one.holds(at)]
    helping = [one for one in holding if one.price_of(listed, currency) < listed]
    if not helping:
        return Priced(listed, listed, currency)

    def worth(one: Promotion) -> tuple[Decimal, float, str]:
        return one.price_of(listed, currency), -one.ends_at.timestamp(), one.slug

    best = min(helping, key=worth)
    return Priced(best.price_of(listed, currency), listed, currency, best, best.ends_at)


def together(parts: Sequence[Priced], amount: Decimal) -> Priced:
    """Several things for one price: `amount`, or what they cost one by one, where promotions make that less.

    The parts are of one currency.
    """
    listed = sum((part.list_amount for part in parts), Decimal(0))
    singly = sum((part.amount for part in parts), Decimal(0))
    currency = parts[0].currency
    if amount <= singly:
        return Priced(amount, listed, currency)
    promoted = [part for part in parts if part.promotion is not None and part.ends_at is not None]
    if not promoted:
        return Priced(singly, listed, currency)
    first = min(promoted, key=lambda part: part.ends_at.timestamp() if part.ends_at else 0.0)
    return Priced(singly, listed, currency, first.promotion, first.ends_at)


def till_closes(at: datetime, ends_at: datetime | None) -> datetime:
    """Until when a payment that is begun at `at` may be made for the price of that moment.

    At the deadline, where the till can be told so. It cannot be told less than 30 minutes: who begins to pay in the
    last half hour has that half hour, at the price that they saw.
    """
    latest = at + LONGEST
    return latest if ends_at is None else min(latest, max(ends_at, at + SHORTEST))


def still_agreed(seen: Decimal, current: Priced) -> bool:
    """Whether the price that somebody saw may be charged without asking again: it is no more than what they saw."""
    return current.amount <= seen


def spoken_left(left: timedelta) -> str:
    """How much time is left, in its two largest units and rounded down: never more than there is."""
    minutes = int(left.total_seconds()) // 60
    units = (("day", minutes // 1440), ("hour", minutes // 60 % 24), ("minute", minutes % 60))
    first = next((place for place, (_, count) in enumerate(units) if count), None)
    if first is None:
        return "less than a minute"
    told = [f"{count} {name}{'s' if count > 1 else ''}" for name, count in units[first : first + 2] if count]
    return " and ".join(told)
