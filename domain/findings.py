"""What statistics and stored data say before anybody writes a word of a strategy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

# `measured` are counts of what is stored, `computed` follows from other figures by a method that `source` names,
# `given` is what the person said who asked, `assumed` is a benchmark that nothing here has measured.
Basis = Literal["measured", "computed", "given", "assumed"]


class Figure(BaseModel):
    """One number with where it comes from, as people read it. `low` and `high` are of a 95% interval, if any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    value: str
    low: str = ""
    high: str = ""
    basis: Basis
    source: str


class Findings(BaseModel):
    """All that a strategy rests on.

    `values` are fields of the kind's shape that no writer fills. `choices` are what a writer may choose from, the one
    that the figures speak for first. `assumptions` say what was not measured; `enough`: whether the data carry it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    evidence: list[Figure]
    values: dict[str, Any] = Field(default_factory=dict)
    assumptions: list[str] = Field(default_factory=list)
    choices: dict[str, str] = Field(default_factory=dict)
    enough: bool = True

    def texts(self) -> dict[str, str]:
        """The same for a writer's prompt."""
        return {
            "figures": "\n".join(map(_line, self.evidence)),
            "assumed": "\n".join(self.assumptions),
            "choices": "\n".join(f"{key}: {name}" for key, name in self.choices.items()),
            "data": "There is enough data." if self.enough else "There is little data: say so.",
        }


def _line(one: Figure) -> str:
    span = f" (95% interval: {one.low} to {one.high})" if one.low else ""
    return f"{one.what}: {one.value}{span}. {one.basis.capitalize()}: {one.source}."


def assumed(figures: Iterable[Figure]) -> list[str]:
    """A sentence for each figure that is a benchmark."""
    return [f"{one.what}: {one.value} is a benchmark and was not measured here." for one in figures
            if one.basis == "assumed"]  # fmt: skip
