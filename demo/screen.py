"""What the person at the terminal sees while the story runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from demo.calendar import Calendar

LAST_DAY = 62.0  # of the longest part: 58 days of nurture, and three in which a demo was booked
TICK_S = 0.5


class Screen:
    """Says lines with the seconds since the start, and with the virtual day while the story runs."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._begun_s = time.monotonic()
        self._started: tuple[datetime, Calendar] | None = None

    def __call__(self, line: str) -> None:
        """One line."""
        when = f"{time.monotonic() - self._begun_s:6.1f} s"
        when += "" if self._started is None else f"  Day {self._day():4.1f}"
        self.console.print(Text(f"[{when}] ", style="dim") + Text(line))

    def _day(self) -> float:
        if self._started is None:
            return 0.0
        start, calendar = self._started
        return calendar.days(start, datetime.now(UTC))

    @asynccontextmanager
    async def story(self, calendar: Calendar) -> AsyncIterator[None]:
        """While the story runs, a bar on a terminal shows how far the calendar is."""
        self._started = (datetime.now(UTC), calendar)
        columns = (TextColumn("Virtual day {task.completed:.0f}"), BarColumn(None), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal) as bar:
            ticking = asyncio.create_task(self._tick(bar))
            try:
                yield
            finally:
                ticking.cancel()
                self._started = None

    async def _tick(self, bar: Progress) -> None:
        task = bar.add_task("story", total=LAST_DAY)
        while True:
            bar.update(task, completed=min(self._day(), LAST_DAY))
            await asyncio.sleep(TICK_S)
