"""`exit: reason`: the journey is over here."""

from __future__ import annotations

from pydantic import Field

from domain import names
from domain.steps.base import Body, Kind


class Exit(Body):
    """`reason` is what the person's timeline says, as a sentence."""

    reason: str = Field(min_length=1, max_length=200)


KIND = Kind("exit", Exit, names.EXIT_STEP, lambda value: {"reason": value})
