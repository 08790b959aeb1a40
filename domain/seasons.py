"""The seasons that offers are made for, with their real dates: from the first day's midnight (UTC) for some days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from domain.errors import Invalid

_THURSDAY: Final = 3


@dataclass(frozen=True, slots=True)
class Season:
    """`begins` gives its first day in a year, `days` is how many it has."""

    name: str
    begins: Callable[[int], date]
    days: int


def _on(month: int, day: int) -> Callable[[int], date]:
    return lambda year: date(year, month, day)


def black_friday(year: int) -> date:
    """The day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    thursday = first + timedelta(days=(_THURSDAY - first.weekday()) % 7 + 21)
    return thursday + timedelta(days=1)


SEASONS: Final[Mapping[str, Season]] = MappingProxyType(
    {
        "new-year": Season("New Year", _on(1, 1), 7),
        "valentines-day": Season("Valentine's Day", _on(2, 11), 4),
        "spring": Season("Spring", _on(3, 20), 7),
        "summer": Season("Summer", _on(6, 21), 7),
        "back-to-school": Season("Back to School", _on(9, 1), 7),
        # Until the end of Monday, which is called Cyber Monday.
        "black-friday": Season("Black Friday", black_friday, 4),
        "holidays": Season("Holidays", _on(12, 18), 8),
    }
)


def season(key: str) -> Season:
    """The season of that key. Raises Invalid, naming those that there are."""
    found = SEASONS.get(key)
    if found is None:
        raise Invalid(f"There is no season {key!r}. There are: {', '.join(SEASONS)}.", "season")
    return found


def dates(key: str, at: datetime) -> tuple[datetime, datetime]:
    """When the season begins and ends: this year's, or next year's where this year's is over at `at`."""
    found = season(key)
    year = at.astimezone(UTC).year
    starts, ends = _span(found, year)
    return (starts, ends) if at < ends else _span(found, year + 1)


def _span(found: Season, year: int) -> tuple[datetime, datetime]:
    first = found.begins(year)
    starts = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return starts, starts + timedelta(days=found.days)
