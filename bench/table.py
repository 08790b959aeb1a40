"""Rows of figures: for the terminal, and as sections of docs/benchmarks.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.table import Table

Bound = Literal["at most", "at least"]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `target` is what it should be `at most` or `at least`, in the same unit; None: it only informs."""

    what: str
    figure: float
    unit: str
    target: float | None = None
    bound: Bound = "at most"
    digits: int = 1
    note: str = ""

    @property
    def held(self) -> bool | None:
        """Whether the figure, as it is shown, is within its target; None where it has none."""
        if self.target is None:
            return None
        shown = round(self.figure, self.digits)
        return shown <= self.target if self.bound == "at most" else shown >= self.target

    def cells(self) -> tuple[str, str, str, str]:
        """What is measured, the figure, the target with whether it holds, and a note."""
        figure = f"{self.figure:,.{self.digits}f} {self.unit}".strip()
        target = "" if self.target is None else f"{self.bound} {self.target:,g}: {'yes' if self.held else 'NO'}"
        return self.what, figure, target, self.note


@dataclass(frozen=True, slots=True)
class Section:
    """One measurement's rows, with how they were measured and the command that makes them again."""

    name: str
    title: str
    about: str
    rows: Sequence[Row]
    took_s: float

    @property
    def command(self) -> str:
        """What makes this section again."""
        return f".venv/bin/python -m bench {self.name}"

    def table(self) -> Table:
        """For the terminal."""
        shown = Table(title=self.title, title_justify="left", caption=f"{self.command}   ({self.took_s:.0f} s)")
        for name in ("what", "figure", "target", "note"):
            shown.add_column(name, justify="right" if name == "figure" else "left")
        for row in self.rows:
            shown.add_row(*row.cells())
        return shown

    def markdown(self, machine: str) -> str:
        """For the document; begins with its heading."""
        lines = [
            f"## {self.title}",
            "",
            self.about,
            "",
            "| what | figure | target | note |",
            "| --- | ---: | --- | --- |",
        ]
        lines += [f"| {' | '.join(row.cells())} |" for row in self.rows]
        return "\n".join([*lines, "", f"`{self.command}`, {machine}, {self.took_s:.0f} s", ""])


def median(values: Iterable[float]) -> float:
    """The median; zero of nothing."""
    found = list(values)
    return statistics.median(found) if found else 0.0


def percentile(values: Iterable[float], percent: int) -> float:
    """The value below which `percent` of the values are; zero of nothing."""
    found = sorted(values)
    return found[min(len(found) - 1, len(found) * percent // 100)] if found else 0.0
