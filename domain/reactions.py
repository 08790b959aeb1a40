"""Reactions as data: what happens to a person who does something, or does it so and so often."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from domain.conditions import Condition, When
from domain.schedule import Delay
from domain.sequences import DelayText

KEY = r"^[a-z][a-z0-9_]*$"
EVENT = r"^[a-z][a-z0-9_.]*$"
# Whatever waits is looked for at least this often (virtual), so that a delay of as much is kept to the second.
SHORTEST_DELAY = timedelta(minutes=10)
EventType = Annotated[str, Field(pattern=EVENT, max_length=100)]


class _Node(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Counted(_Node):
    """How often the person did it: `at_least` so often, within any window of this length that holds this event.

    `event` is another type than the reaction's own; `same` counts only those that agree with this event in a field, as
    the same feature; `when` only those that meet conditions on their payload.
    """

    event: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_.]*)?$", max_length=100)] = ""
    at_least: int = Field(default=1, ge=1, le=1000)
    within: DelayText | None = None
    same: str = Field(default="", pattern=r"^(payload(\.[A-Za-z0-9_]+)+)?$")
    when: list[When] = Field(default_factory=list)


class Often(_Node):
    """A count as one of the conditions."""

    count: Counted


class All(_Node):
    """Every one of these holds."""

    all: list[Term] = Field(min_length=1, max_length=40)


class AnyOf(_Node):
    """At least one of these holds."""

    any: list[Term] = Field(min_length=1, max_length=40)


class Not(_Node):
    """This does not hold."""

    negated: Term = Field(alias="not")


def _shape(value: Any) -> str:  # noqa: ANN401 - pydantic's signature
    if isinstance(value, BaseModel):
        shapes: dict[type[BaseModel], str] = {All: "all", AnyOf: "any", Not: "not", Often: "count"}
        return shapes.get(type(value), "field")
    names = ("all", "any", "not", "count")
    return next((name for name in names if isinstance(value, dict) and name in value), "field")


Term = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Often, Tag("count")]
    | Annotated[When, Tag("field")],
    Discriminator(_shape),
]
for _group in (All, AnyOf, Not):
    _group.model_rebuild()


class TaskFor(_Node):
    """A task for the team."""

    kind: str = Field(pattern=KEY, max_length=60)
    title: str = Field(min_length=1, max_length=200)
    priority: Literal["low", "normal", "high"] = "normal"


class NoteTo(_Node):
    """A note to the owner, in the dashboard."""

    title: str = Field(min_length=1, max_length=200)
    text: str = Field(default="", max_length=1000)
    urgent: bool = False


class Act(_Node):
    """What is done: exactly one of these. Mails, waits and whatever else takes time are steps of a sequence."""

    event: EventType | None = None
    enrol: Annotated[str, Field(pattern=KEY, max_length=60)] | None = None
    tag: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    task: TaskFor | None = None
    note: NoteTo | None = None

    @model_validator(mode="after")
    def _one(self) -> Act:
        if len(self.model_fields_set) != 1:
            raise ValueError("name exactly one of event, enrol, tag, task and note")
        return self


class Reaction(_Node):
    """A rule. `once_in` is how long it rests for a person after it fired; a rule that counts rests for its window.

    Where several rules react to one event, the higher `priority` (1 to 9) goes first. What a browser tells starts
    nothing unless `browser` says so.
    """

    reaction: str = Field(pattern=KEY, max_length=60)
    on: list[EventType] = Field(min_length=1, max_length=10)
    when: list[Term] = Field(default_factory=list, max_length=40)
    do: list[Act] = Field(min_length=1, max_length=10)
    delay: DelayText = Delay()
    priority: int = Field(default=5, ge=1, le=9)
    once_in: DelayText | None = None
    browser: bool = False

    @model_validator(mode="before")
    @classmethod
    def _one_event(cls, value: Any) -> Any:  # noqa: ANN401 - pydantic's signature
        if isinstance(value, dict) and isinstance(value.get("on"), str):
            return {**value, "on": [value["on"]]}
        return value

    @model_validator(mode="after")
    def _kept_in_time(self) -> Reaction:
        if 0 < self.delay.nominal_s < SHORTEST_DELAY.total_seconds() or self.delay.nominal_s < 0:
            raise ValueError("a delay is ten minutes or more")
        return self

    @property
    def rests(self) -> timedelta | None:
        """How long it rests for a person after it fired (virtual); None: it does not."""
        if self.once_in is not None:
            return timedelta(seconds=self.once_in.nominal_s)
        spans = [one.within.nominal_s for one in counts(self.when) if one.within is not None]
        return timedelta(seconds=max(spans)) if spans else None


def counts(terms: Sequence[Term]) -> Iterator[Counted]:
    """Every count in them."""
    for term in terms:
        if isinstance(term, Often):
            yield term.count
        else:
            yield from counts(_parts(term))


def comparisons(terms: Sequence[Term]) -> Iterator[Condition]:
    """Every comparison in them."""
    for term in terms:
        if isinstance(term, Condition):
            yield term
        else:
            yield from comparisons(_parts(term))


def _parts(term: Term) -> list[Term]:
    if isinstance(term, All):
        return term.all
    if isinstance(term, AnyOf):
        return term.any
    return [term.negated] if isinstance(term, Not) else []


def reached(times: Sequence[datetime], moment: datetime, least: int, span: timedelta | None) -> bool:
    """Whether some window of this length holds `moment` and at least so many of `times`, of which it is one.

    An event that arrives late completes the window that it belongs to, as it would have in time.
    """
    if span is None:
        return len(times) >= least
    ordered = sorted(times)
    place = bisect_left(ordered, moment)
    first, last = max(0, place - least + 1), min(place, len(ordered) - least)
    return any(ordered[at + least - 1] - ordered[at] < span for at in range(first, last + 1))
