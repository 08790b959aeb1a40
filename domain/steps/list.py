"""`list: {add: [Demo booked], remove: [Demo nurture]}`: lists of the marketing platform, by their names."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from domain import names
from domain.steps.base import Body, Kind

Name = Annotated[str, Field(min_length=1, max_length=100)]


class Lists(Body):
    """A list that the platform has not is made."""

    add: list[Name] = Field(default_factory=list)
    remove: list[Name] = Field(default_factory=list)

    @model_validator(mode="after")
    def _says_something(self) -> Lists:
        if not self.add and not self.remove:
            raise ValueError("name lists to add to or to remove from")
        return self


KIND = Kind("list", Lists, names.LIST_STEP)
