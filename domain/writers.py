"""Which model is asked for what, what it costs, and how much of that a month may have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.clock import Clock
from domain.content import KINDS
from domain.errors import Invalid

Role = Literal["writing", "reasoning", "small"]
# What is only picked among words of ours, and times of day, need no large model (SPEC: "a smaller model for timing").
SMALL: Final = frozenset({"profile", "recommendations", "strategy_timing", "opinion"})
MILLION: Final = Decimal(1_000_000)
CENT: Final = Decimal("0.000001")  # of a dollar; a short answer of a small model costs some of them

Dollars = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Price(_Strict):
    """Dollars for a million tokens, as vendors list them."""

    input: Dollars
    output: Dollars

    def of(self, input_tokens: int, output_tokens: int) -> Decimal:
        """Dollars for so many tokens."""
        return ((self.input * input_tokens + self.output * output_tokens) / MILLION).quantize(CENT)


class WriterRules(_Strict):
    """The section `writers` of marketing.yaml.

    `prices` are by model; the longest name that a model's name begins with counts, since vendors add dates to theirs.
    With `monthly_cap_usd` nothing is asked of a model whose price is not there.
    """

    prices: dict[str, Price] = Field(default_factory=dict)
    monthly_cap_usd: Dollars | None = None

    def price_of(self, model: str) -> Price | None:
        """The price of that model; None where it is not known."""
        known = [name for name in self.prices if model.startswith(name)]
        return self.prices[max(known, key=len)] if known else None


def check_prices(rules: WriterRules, models: Mapping[Role, str]) -> None:
    """Raises Invalid where a month has a cap that cannot be kept, since nobody knows what one of the models costs."""
    unknown = sorted({model for model in models.values() if rules.price_of(model) is None})
    if rules.monthly_cap_usd is not None and unknown:
        message = (
            f"marketing.yaml has writers.monthly_cap_usd and no price of {', '.join(unknown)}, so that the cap could "
            f"not be kept. Write it under writers.prices, in dollars for a million tokens, as in "
            f"`{unknown[0]}: {{input: 0.15, output: 0.60}}`."
        )
        raise Invalid(message, "writers.prices")


def role_of(kind: str) -> Role:
    """Who is asked for a kind: strategies need reasoning, picks and times little, all else somebody who writes."""
    if kind in SMALL:
        return "small"
    known = KINDS.get(kind)
    return "reasoning" if known is not None and known.channel == "strategy" else "writing"


def model_of(kind: str, models: Mapping[Role, str]) -> str:
    """The model of that role; the writing one where there is none."""
    return models.get(role_of(kind)) or models["writing"]


def month(moment: datetime, clock: Clock) -> tuple[datetime, datetime]:
    """The real moments between which the calendar month (UTC) of a real moment lies on the installation's clock."""
    virtual = clock.virtual(moment)
    first = virtual.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return clock.real(first), clock.real(following)


def used_up(cap: Decimal, moment: datetime, clock: Clock) -> str:
    """What is said of an asset that waits for the next month."""
    return f"The writers' budget of ${cap:,.2f} for {clock.virtual(moment):%B} is used up."
