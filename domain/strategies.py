"""Strategies: what is recommended, on which numbers, and what was assumed.

A writer is asked for words and choices alone. Numbers are filled in by code, from statistics and stored data, after
the writer; words with a digit in them are refused, so that no writer's number can contradict them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from domain import funnels
from domain.assets import Asset, Said, at_most
from domain.errors import Invalid
from domain.findings import Figure, Findings

CHANNEL: Final = "strategy"
PREFIX: Final = "strategy_"
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIGURES = re.compile(r"\d|[$€£¥%]|\bper ?cent\b", re.IGNORECASE)
MOST: Final = 8


def _wordy(text: str) -> str:
    if _FIGURES.search(text):
        raise ValueError("holds a number: leave numbers out, they are filled in from the data")
    return text


def _some(texts: list[str]) -> list[str]:
    if not 1 <= len(texts) <= MOST:
        raise ValueError(f"must be one to {MOST}, not {len(texts)}")
    return texts


Wordy = Annotated[Said, AfterValidator(_wordy), at_most(600)]
Lines = Annotated[list[Wordy], AfterValidator(_some)]
Share = Annotated[float, Field(ge=0, le=1)]


class Strategy(Asset):
    """What all share. `evidence` and `computed_assumptions` are ours, all numbers of a strategy among them."""

    CHOICE: ClassVar[str] = ""

    recommendation: Wordy = Field(description="two or three sentences on what to do and why, without any number")
    assumptions: Lines = Field(description="1 to 8 sentences: what has to be true for it, without any number")
    evidence: SkipJsonSchema[list[Figure]] = Field(default_factory=list)
    computed_assumptions: SkipJsonSchema[list[str]] = Field(default_factory=list)
    enough: SkipJsonSchema[bool] = False

    def filled(self, found: Findings) -> Self:
        """The words with the numbers that hold. Raises Invalid for a choice that there is not."""
        chosen = getattr(self, self.CHOICE) if self.CHOICE else ""
        if self.CHOICE and chosen not in found.choices:
            message = f"{chosen} cannot be chosen. There are: {', '.join(found.choices)}."
            raise Invalid(message, self.CHOICE)
        ours = {"evidence": found.evidence, "computed_assumptions": found.assumptions, "enough": found.enough}
        return type(self).model_validate({**self.model_dump(), **found.values, **ours})


class FunnelChoice(Strategy):
    """Which of the four funnels the brand's books are sold by."""

    CHOICE: ClassVar[str] = "funnel"

    funnel: funnels.Strategy = Field(description="one of the choices, by its key")
    next_steps: Lines = Field(description="1 to 8 sentences: what to do first, without any number")


class PersonalOffer(Strategy):
    """One product of the catalogue for one person, who does not have it. The person stands in no word of it."""

    CHOICE: ClassVar[str] = "product"

    product: Said = Field(description="one of the choices, by its key")


class Slot(BaseModel):
    """The best hour of one weekday (Monday is 0), by the recipients' own clocks. Not `measured`: it is assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weekday: int = Field(ge=0, le=6)
    hour: int = Field(ge=0, le=23)
    sent: int = Field(ge=0)
    did: int = Field(ge=0)
    low: Share = 0.0
    high: Share = 1.0
    measured: bool = False


class Timing(Strategy):
    """When mails go out, and when a launch begins: an hour of each weekday, one of all days, a day and its hour."""

    measure: SkipJsonSchema[Literal["opened", "clicked"]] = "opened"
    segment: SkipJsonSchema[str] = ""
    slots: SkipJsonSchema[list[Slot]] = Field(default_factory=list)
    send_hour: SkipJsonSchema[int] = Field(default=10, ge=0, le=23)
    launch_weekday: SkipJsonSchema[int] = Field(default=1, ge=0, le=6)
    launch_hour: SkipJsonSchema[int] = Field(default=10, ge=0, le=23)


class Test(Strategy):
    """An A/B test of two subjects, before it is run.

    `sample` people get each subject. `days` is how long that takes at the traffic of now; None where there is none.
    `percent` of the people who may be written to are in it, both subjects together.
    """

    __test__: ClassVar[bool] = False  # pytest would take the name for its own

    success: Lines = Field(description="1 to 8 sentences: by what one sees that the second is better, without a number")
    hypothesis: SkipJsonSchema[str] = ""
    metric: SkipJsonSchema[Literal["opened", "clicked"]] = "opened"
    subject_a: SkipJsonSchema[str] = ""
    subject_b: SkipJsonSchema[str] = ""
    baseline: SkipJsonSchema[Share] = 0.0
    expected: SkipJsonSchema[Share] = 0.0
    lift: SkipJsonSchema[float] = 0.0
    confidence: SkipJsonSchema[Share] = 0.95
    power: SkipJsonSchema[Share] = 0.8
    sample: SkipJsonSchema[int] = Field(default=0, ge=0)
    audience: SkipJsonSchema[int] = Field(default=0, ge=0)
    days: SkipJsonSchema[int | None] = None
    percent: SkipJsonSchema[int] = Field(default=100, ge=1, le=100)


class Roi(Strategy):
    """What a campaign brought for what it cost. Amounts are in the currency's main unit; None where nothing divides."""

    risks: Lines = Field(description="1 to 8 sentences: what could make it wrong, without any number")
    campaign: SkipJsonSchema[str] = ""
    since: SkipJsonSchema[datetime | None] = None
    currency: SkipJsonSchema[str] = "USD"
    spend: SkipJsonSchema[Decimal] = Decimal(0)
    leads: SkipJsonSchema[int] = Field(default=0, ge=0)
    conversions: SkipJsonSchema[int] = Field(default=0, ge=0)
    revenue: SkipJsonSchema[Decimal] = Decimal(0)
    revenue_low: SkipJsonSchema[Decimal] = Decimal(0)
    revenue_high: SkipJsonSchema[Decimal] = Decimal(0)
    cost_per_lead: SkipJsonSchema[Decimal | None] = None
    cpa: SkipJsonSchema[Decimal | None] = None
    returned: SkipJsonSchema[float | None] = None


STRATEGIES: Final[Mapping[str, type[Strategy]]] = MappingProxyType(
    {
        "strategy_funnel": FunnelChoice,
        "strategy_offer": PersonalOffer,
        "strategy_timing": Timing,
        "strategy_ab_test": Test,
        "strategy_roi": Roi,
    }
)


def shape_of(kind: str, body: Mapping[str, Any]) -> Strategy:
    """A strategy's stored words and numbers. Raises KeyError for another kind of asset."""
    return STRATEGIES[kind].model_validate(body)
