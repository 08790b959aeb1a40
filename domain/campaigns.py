"""A campaign as people write it: its words, whom it is for, when it goes out, and how fast."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from domain.content import CampaignWords
from domain.preferences import GENERAL
from domain.schedule import Delay, resolve
from domain.segments import KEY
from domain.sequences import DelayText

Kind = Literal["newsletter", "announcement", "sales_outreach", "crisis"]
# No setting lets these go out without a person's approval.
ALWAYS_REVIEWED: frozenset[Kind] = frozenset({"sales_outreach", "crisis"})
Repeat = Literal["never", "daily", "weekly", "monthly"]
# The zones in which a date begins first and ends last.
EARLIEST, LATEST = ZoneInfo("Etc/GMT-14"), ZoneInfo("Etc/GMT+12")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CampaignRules(_Strict):
    """The section `campaigns` of the configuration.

    `review_required`: also newsletters and announcements wait for a person. `catch_up`: a run that could not begin in
    time (an outage, no approval) still begins so much later, and is missed after that.
    """

    review_required: bool = True
    catch_up: DelayText = Delay(days=1)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not a time zone; write it like Europe/Lisbon") from None
    return name


class Schedule(_Strict):
    """When it goes out: `at` is what a clock on the wall shows, None: at once.

    With `local` it shows so in each recipient's own zone, else in `zone`. `until` is the last day of a repetition.
    """

    at: datetime | None = None
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    local: bool = False
    repeat: Repeat = "never"
    until: date | None = None

    @model_validator(mode="after")
    def _whole(self) -> Schedule:
        if self.at is None and (self.local or self.repeat != "never"):
            raise ValueError("a campaign that repeats, or goes by each recipient's clock, needs a date and a time")
        if self.at is not None and self.at.tzinfo is not None:
            raise ValueError("at is a time on the wall, without an offset; its zone stands in zone")
        return self

    def walls(self, after: datetime | None = None) -> Iterator[datetime]:
        """The times on the wall, each once and in order, those after `after` alone. Ends with `until`."""
        if self.at is None:
            return
        for number in count():
            wall = _repeated(self.at, self.repeat, number)
            if self.until is not None and wall.date() > self.until:
                return
            if after is None or wall > after:
                yield wall
            if self.repeat == "never":
                return

    def begins(self, wall: datetime) -> datetime:
        """The (virtual) moment at which the first recipient's clock shows it."""
        return resolve(wall, EARLIEST if self.local else ZoneInfo(self.zone))

    def next_wall(self, after: datetime | None, moment: datetime) -> datetime | None:
        """The first time after `after` that has not passed at `moment` (virtual)."""
        return next((wall for wall in self.walls(after) if self.begins(wall) >= moment), None)


def _repeated(first: datetime, repeat: Repeat, number: int) -> datetime:
    """The `number`th repetition. A month that is too short has it on its last day."""
    if repeat == "monthly":
        months = first.month - 1 + number
        year, month = first.year + months // 12, months % 12 + 1
        day = min(first.day, calendar.monthrange(year, month)[1])
        return first.replace(year=year, month=month, day=day)
    return first + timedelta(days=number * (7 if repeat == "weekly" else 1))


class Split(_Strict):
    """Two subjects are tried on `percent` of the people, half each; after `wait` the better one goes to the rest."""

    percent: int = Field(default=20, ge=1, le=100)
    wait: DelayText = Delay(seconds=4 * 3600)
    measure: Literal["opened", "clicked"] = "opened"


class Campaign(_Strict):
    """What a person writes down. `segment` empty: everybody who may get marketing mail.

    Whoever declined `topic` does not get it. `per_hour` is the campaign's own rate, None: the marketing limit of the
    configuration.
    """

    name: str = Field(min_length=1, max_length=120)
    kind: Kind = "newsletter"
    segment: str = Field(default="", pattern=rf"{KEY}|^$", max_length=60)
    topic: str = Field(default=GENERAL, pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    words: CampaignWords
    schedule: Schedule = Schedule()
    split: Split = Split()
    per_hour: int | None = Field(default=None, ge=1, le=10_000_000)

    def reviewed(self, rules: CampaignRules) -> bool:
        """Whether a person has to approve it."""
        return rules.review_required or self.kind in ALWAYS_REVIEWED


def midnight(day: date) -> datetime:
    """The beginning of a day on the wall."""
    return datetime.combine(day, time())
