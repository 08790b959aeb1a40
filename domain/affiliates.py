"""Who brought a sale, and what they earn of it: pure rules over what was told, in whatever order it was told.

A commission is worked out from its order and all the refunds of it that are known, anew with each of them, so that
nothing can be counted twice and a refund may come before its purchase.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from domain.schedule import Delay
from domain.sequences import DelayText

CODE: Final = r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"
_HUNDRED: Final = Decimal(100)

PENDING: Final = "pending"
DUE: Final = "due"
PAID: Final = "paid"
REVERSED: Final = "reversed"
OWED_BACK: Final = "owed back"


class AffiliateRules(BaseModel):
    """`window`: how long after somebody came by a link a purchase of theirs still counts for it (real time)."""

    model_config = ConfigDict(extra="forbid")

    window: DelayText = Delay(days=30)

    @property
    def span(self) -> timedelta:
        """The window."""
        return timedelta(seconds=self.window.nominal_s)


class Given(BaseModel):
    """An affiliate as a person writes it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    code: str = Field(pattern=f"^{CODE}$", description="In the link: lower-case letters, digits and hyphens.")
    name: str = Field(min_length=1, max_length=200)
    email: str = Field(max_length=320, description="Where payouts are sent; their own orders earn nothing.")
    percent: Decimal = Field(gt=0, le=100, max_digits=5, decimal_places=2, description="Of the paid total without tax.")
    hold_days: int = Field(default=30, ge=0, le=365, description="After so many days a commission is due.")


@dataclass(frozen=True, slots=True)
class Brought:
    """Somebody did something and had come by this link before: a lead's form, or the order itself."""

    code: str
    at: datetime


def credited(brought: Iterable[Brought], paid_at: datetime, window: timedelta, barred: Collection[str]) -> str | None:
    """The code that an order counts for: the last one within the window before it. `barred` codes never count.

    Of two at the same moment the first by the alphabet, so that the order in which they were told does not matter.
    """
    counting = [
        one for one in brought if one.code not in barred and timedelta(0) <= paid_at - one.at <= window
    ]  # fmt: skip
    last = max((one.at for one in counting), default=None)
    return min((one.code for one in counting if one.at == last), default=None)


@dataclass(frozen=True, slots=True)
class Back:
    """What is known of one refund of an order. `amount` is all that was given back of its payment by then.

    0 where nobody said: then `products` say which part of the order, and without any it is the whole.
    """

    amount: int = 0
    products: tuple[str, ...] = ()


def given_back(total: int, products: Sequence[str], refunds: Sequence[Back]) -> int:
    """How much of an order's `total` was refunded, in minor units: as far as amounts are named, by them.

    Where only products are named, each product of the order counts for the same share of it.
    """
    named = max((refund.amount for refund in refunds), default=0)
    vague = [refund for refund in refunds if not refund.amount]
    if any(not refund.products for refund in vague):
        return total
    gone = {product for refund in vague for product in refund.products} & set(products)
    share = total * len(gone) // len(set(products)) if products else 0
    return min(total, max(named, share))


def earned(base: int, percent: Decimal) -> int:
    """The commission on `base`, the paid total without tax, in minor units; halves go up."""
    return int((base * percent / _HUNDRED).quantize(Decimal(1), ROUND_HALF_UP))


def taken_back(commission: int, total: int, refunded: int) -> int:
    """How much of a commission goes with what was refunded of the order's total; all of it with the whole."""
    if total <= 0 or refunded >= total:
        return commission if refunded else 0
    return int((Decimal(commission) * refunded / total).quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class Standing:
    """A commission's amounts in minor units: what was earned, what refunds took back of it, what was paid out."""

    amount: int
    reversed: int
    paid: int
    due_at: datetime

    @property
    def open(self) -> int:
        """What is still to be paid; below zero where a refund came after the payout."""
        return self.amount - self.reversed - self.paid

    def state(self, at: datetime) -> str:
        """How it stands at that moment, in one word."""
        if self.open < 0:
            return OWED_BACK
        if self.open == 0:
            return PAID if self.paid else REVERSED
        return DUE if at >= self.due_at else PENDING

    def payable(self, at: datetime) -> int:
        """What a payout at that moment pays of it: what is due, or what is owed back, which is below zero."""
        return self.open if self.open < 0 or at >= self.due_at else 0
