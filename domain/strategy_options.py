"""What has to be said when a strategy is asked for, by its kind, and what is wrong with it where it is."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from domain.content import SUBJECT_LIMIT
from domain.errors import Invalid
from domain.segments import KEY

Metric = Literal["opened", "clicked"]


def _blank(given: object) -> object:
    return None if given == "" else given


Optional = BeforeValidator(_blank)


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class FunnelOptions(_Options):
    """Nothing: it is about the brand."""


class OfferOptions(_Options):
    """For whom: the contact's id."""

    contact: UUID


class TimingOptions(_Options):
    """Of whom: a segment that is watched, or everybody; by which answer to a mail."""

    segment: str = Field(default="", pattern=rf"{KEY}|^$", max_length=60)
    metric: Metric = "opened"


class TestOptions(_Options):
    """Two subjects, and what is hoped for. `lift` is relative: 0.2 takes a rate of 0.10 to 0.12.

    `baseline` is the rate of now, from 0 to 1; left out, it is measured.
    """

    __test__ = False

    hypothesis: str = Field(min_length=1, max_length=500)
    subject_a: str = Field(min_length=1, max_length=SUBJECT_LIMIT)
    subject_b: str = Field(min_length=1, max_length=SUBJECT_LIMIT)
    metric: Metric = "opened"
    baseline: Annotated[float | None, Optional, Field(gt=0, lt=1)] = None
    lift: float = Field(gt=0, le=10)

    @model_validator(mode="after")
    def _two(self) -> TestOptions:
        if self.subject_a == self.subject_b:
            raise ValueError("the two subjects are the same: a test needs two that differ")
        if self.baseline is not None and self.baseline * (1 + self.lift) >= 1:
            raise ValueError("a rate cannot reach 1: name a smaller lift or baseline")
        return self


class RoiOptions(_Options):
    """Which campaign, as links name it (`utm_campaign`), and what it cost in the catalogue's currency."""

    campaign: str = Field(min_length=1, max_length=200)
    spend: Decimal = Field(ge=0, le=Decimal(10) ** 9, decimal_places=2, allow_inf_nan=False)


OPTIONS: Final[Mapping[str, type[_Options]]] = MappingProxyType(
    {
        "strategy_funnel": FunnelOptions,
        "strategy_offer": OfferOptions,
        "strategy_timing": TimingOptions,
        "strategy_ab_test": TestOptions,
        "strategy_roi": RoiOptions,
    }
)


def checked(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """The options as an asset keeps them. Raises Invalid that names the field and says what is wrong."""
    options = OPTIONS.get(kind)
    if options is None:
        names = ", ".join(one.removeprefix("strategy_") for one in OPTIONS)
        raise Invalid(f"There is no such strategy. There are: {names}.", "kind")
    try:
        read = options.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        message = f"{place or 'The options'}: {first['msg'].removeprefix('Value error, ')}."
        raise Invalid(message, place or None) from None
    kept = read.model_dump(mode="json").items()
    return {name: str(value) for name, value in kept if value not in {None, ""}}
