"""Who gets the credit for a sale or a demo: four models over the touches before it, whose shares add up exactly.

Models as in the field's standard terms (e.g. Google Analytics, "Attribution models"): position-based gives 40% to
the first touch, 40% to the last and 20% to those between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, get_args

Model = Literal["first_touch", "last_touch", "linear", "position_based"]
MODELS: tuple[Model, ...] = get_args(Model)
UNKNOWN = "(no campaign)"
ENDS = Fraction(2, 5)


@dataclass(frozen=True, slots=True)
class Conversion:
    """Something worth crediting: `cents` of revenue or a demo, and the campaigns touched before it, in order."""

    cents: int
    campaigns: tuple[str, ...] = ()


@dataclass(slots=True)
class Credit:
    """What a campaign is given: whole cents, and conversions as an exact fraction."""

    cents: int = 0
    conversions: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Attributed:
    """All campaigns' credit under one model; `cents` and `conversions` are the totals that it adds up to."""

    credit: dict[str, Credit] = field(default_factory=dict)
    cents: int = 0
    conversions: int = 0


def weights(model: Model, touches: int) -> tuple[Fraction, ...]:
    """Each touch's share, the oldest first; they add up to exactly 1. `touches` is at least 1."""
    if model == "linear":
        return (Fraction(1, touches),) * touches
    if model == "position_based":
        return _position_based(touches)
    credited = 0 if model == "first_touch" else touches - 1
    return tuple(Fraction(place == credited) for place in range(touches))


def _position_based(touches: int) -> tuple[Fraction, ...]:
    if touches == 1:
        return (Fraction(1),)
    if touches == 2:  # noqa: PLR2004 - nothing lies between two, so that they share evenly
        return (Fraction(1, 2), Fraction(1, 2))
    middle = (1 - 2 * ENDS) / (touches - 2)
    return (ENDS, *([middle] * (touches - 2)), ENDS)


def split(cents: int, parts: Sequence[Fraction]) -> list[int]:
    """`cents` in whole cents after `parts`, which add up to 1: what rounding leaves goes to the largest remainders."""
    exact = [cents * part for part in parts]
    whole = [int(share) for share in exact]
    order = sorted(range(len(parts)), key=lambda place: (whole[place] - exact[place], place))
    for place in order[: cents - sum(whole)]:
        whole[place] += 1
    return whole


def attribute(conversions: Iterable[Conversion], model: Model) -> Attributed:
    """Credit every conversion once. One without a touch is credited to `UNKNOWN`, so that totals are equal."""
    found = Attributed()
    cents = count = 0
    for conversion in conversions:
        campaigns = conversion.campaigns or (UNKNOWN,)
        parts = weights(model, len(campaigns))
        for campaign, part, share in zip(campaigns, parts, split(conversion.cents, parts), strict=True):
            credit = found.credit.setdefault(campaign, Credit())
            credit.cents += share
            credit.conversions += part
        cents += conversion.cents
        count += 1
    kept = {name: credit for name, credit in found.credit.items() if credit.conversions}
    return Attributed(kept, cents, count)


def campaign_of(utm: Mapping[str, object], source: str) -> str:
    """What a touch is credited to: its `utm_campaign`, else the word for where it came from."""
    return str(utm.get("campaign") or source or UNKNOWN)


@dataclass(frozen=True, slots=True)
class Paid:
    """An order: `cents` paid for `products`."""

    cents: int
    products: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Returned:
    """A refund of an order. `cents` is what was given back of its payment in all by then; 0 where nobody said."""

    cents: int
    products: tuple[str, ...]


def net_cents(order: Paid, refunds: Iterable[Returned]) -> int:
    """What of an order stayed ours, never below zero.

    Amounts are Stripe's `amount_refunded`, which is a running total: the largest counts. A refund that names no
    amount gives back its products' share, where the order's products count alike, and without products all of it.
    """
    told = list(refunds)
    known = max((refund.cents for refund in told), default=0)
    silent = [refund for refund in told if refund.cents == 0]
    if any(not refund.products for refund in silent):
        return 0
    returned = {key for refund in silent for key in refund.products} & set(order.products)
    share = order.cents * len(returned) // len(order.products) if returned else 0
    return max(0, order.cents - max(known, share))
