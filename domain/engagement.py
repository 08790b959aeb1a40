"""How engaged a person is: points for what they do, worth half as much after each half-life.

Counts are kept by virtual day and type of event, so that the score is the same in whatever order events came, and
new weights hold for the past as well. Pure: everything here is a function of the counts and of the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.schedule import Delay
from domain.sequences import DelayText

PURCHASE = "purchase_completed"
DAY = timedelta(days=1)
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
Days = Mapping[int, Mapping[str, int]]
EventType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*$", max_length=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Scored(_Strict):
    """What one kind of event is worth. At most `at_most` a day count; those of a browser only where it says so.

    `alive`: whether it is a sign of life, which ends a silence.
    """

    points: float = Field(gt=0, le=1000)
    at_most: int = Field(default=1, ge=1, le=1000)
    browser: bool = False
    alive: bool = True


class Tier(_Strict):
    """A tier and the score from which people are in it."""

    tier: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)
    at_least: float = Field(default=0, ge=0)


class Inactive(_Strict):
    """Who counts as inactive: no login for so long, and no purchase for so long. Nobody who never logged in."""

    logins: list[EventType] = Field(default_factory=list)
    login: DelayText = Delay(days=30)
    purchase: DelayText = Delay(days=60)


class Engagement(_Strict):
    """The rules. Without tiers nobody is scored; `quiet` is how long the highest tier may be silent."""

    half_life: DelayText = Delay(days=30)
    forget_after: DelayText = Delay(days=180)
    quiet: DelayText = Delay(days=90)
    tiers: list[Tier] = Field(default_factory=list)
    scores: dict[EventType, Scored] = Field(default_factory=dict)
    inactive: Inactive = Inactive()

    @model_validator(mode="after")
    def _whole(self) -> Engagement:
        bounds = [tier.at_least for tier in self.tiers]
        if bounds != sorted(set(bounds), reverse=True):
            raise ValueError("tiers must stand from the highest at_least to the lowest, no two alike")
        if bounds and bounds[-1] != 0:
            raise ValueError("the last tier must begin at 0, so that everybody is in one")
        if len({tier.tier for tier in self.tiers}) != len(self.tiers):
            raise ValueError("two tiers have the same name")
        if self.half_life.nominal_s < DAY.total_seconds() or self.forget_after.nominal_s < self.half_life.nominal_s:
            raise ValueError("half_life must be a day or more, and forget_after no shorter than it")
        return self

    @property
    def forget_days(self) -> int:
        """How many days a count is worth something."""
        return self.forget_after.nominal_s // 86_400

    @property
    def keep_days(self) -> int:
        """How many days counts are kept: long enough to know how engaged somebody was when they went quiet."""
        return self.forget_days + self.quiet.nominal_s // 86_400 + 1

    @property
    def counted(self) -> frozenset[str]:
        """Every type of event that says something here."""
        return frozenset(self.scores) | {PURCHASE, *self.inactive.logins} if self.tiers else frozenset()

    def counts(self, event_type: str, *, client_side: bool) -> bool:
        """Whether an event of this type, from a browser or not, says something here."""
        if event_type not in self.counted:
            return False
        scored = self.scores.get(event_type)
        return not client_side or (scored is not None and scored.browser)

    def alive(self, event_type: str) -> bool:
        """Whether it is a sign of life."""
        scored = self.scores.get(event_type)
        return scored.alive if scored is not None else True


def day_of(virtual: datetime) -> int:
    """The virtual day's number, in UTC."""
    return (virtual - _FIRST) // DAY


def begins(day: int) -> datetime:
    """The virtual moment at which a day begins."""
    return _FIRST + day * DAY


def points_by_day(rules: Engagement, days: Days) -> dict[int, float]:
    """What each day was worth when it was, in the order of the days."""
    return {
        day: sum(
            min(counts.get(name, 0), scored.at_most) * scored.points for name, scored in sorted(rules.scores.items())
        )
        for day, counts in sorted(days.items())
    }


def score(rules: Engagement, points: Mapping[int, float], on: int) -> float:
    """The score on a day. Without anything new it only ever falls."""
    half_life = rules.half_life.nominal_s / 86_400
    return sum(
        worth * 2 ** (-(on - day) / half_life) for day, worth in points.items() if 0 <= on - day <= rules.forget_days
    )


def tier_at(rules: Engagement, value: float) -> str:
    """The tier of a score."""
    return next(tier.tier for tier in rules.tiers if value >= tier.at_least)


def falls_on(rules: Engagement, points: Mapping[int, float], today: int) -> int | None:
    """The first day after today on which the tier is a lower one, if nothing new happens; None in the lowest."""
    now = tier_at(rules, score(rules, points, today))
    if now == rules.tiers[-1].tier:
        return None
    low, high = today, max(points) + rules.forget_days + 1
    while high - low > 1:  # in it on `low`, out of it on `high`
        middle = (low + high) // 2
        if tier_at(rules, score(rules, points, middle)) == now:
            low = middle
        else:
            high = middle
    return high


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of a person. Moments are virtual; `days` holds the counts of each virtual day."""

    days: Days
    alive_at: datetime | None = None
    login_at: datetime | None = None
    purchase_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """How a person stands. `falls_at`, `quiet_at` and `inactive_at` are when that comes about if nothing happens."""

    score: float
    tier: str
    falls_at: datetime | None
    quiet_at: datetime | None
    inactive_at: datetime | None


def look(rules: Engagement, signs: Signs, virtual_now: datetime) -> Look:
    """How the person stands now, and when that changes by itself."""
    points, today = points_by_day(rules, signs.days), day_of(virtual_now)
    value = score(rules, points, today)
    falls = falls_on(rules, points, today)
    return Look(
        score=round(value, 2),
        tier=tier_at(rules, value),
        falls_at=begins(falls) if falls is not None else None,
        quiet_at=_quiet_at(rules, points, signs.alive_at),
        inactive_at=_inactive_at(rules.inactive, signs),
    )


def _quiet_at(rules: Engagement, points: Mapping[int, float], alive_at: datetime | None) -> datetime | None:
    """When the silence of somebody is long enough who was in the highest tier when it began."""
    if alive_at is None or tier_at(rules, score(rules, points, day_of(alive_at))) != rules.tiers[0].tier:
        return None
    return alive_at + timedelta(seconds=rules.quiet.nominal_s)


def _inactive_at(rules: Inactive, signs: Signs) -> datetime | None:
    if signs.login_at is None:
        return None
    due = signs.login_at + timedelta(seconds=rules.login.nominal_s)
    if signs.purchase_at is None:
        return due
    return max(due, signs.purchase_at + timedelta(seconds=rules.purchase.nominal_s))


def pruned(rules: Engagement, days: Days, today: int) -> dict[int, dict[str, int]]:
    """The counts that can still be worth something."""
    return {day: dict(counts) for day, counts in days.items() if today - day <= rules.keep_days}
