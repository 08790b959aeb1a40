"""`tag: {add: [lead], remove: [cold]}`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from domain.steps.base import Body, Kind

Tag = Annotated[str, Field(min_length=1, max_length=100)]


class Tags(Body):
    """Tags of the contact."""

    add: list[Tag] = Field(default_factory=list)
    remove: list[Tag] = Field(default_factory=list)

    @model_validator(mode="after")
    def _says_something(self) -> Tags:
        if not self.add and not self.remove:
            raise ValueError("name tags to add or to remove")
        return self

    def on(self, tags: list[str]) -> list[str]:
        """The tags after it."""
        return sorted(({*tags} | {*self.add}) - {*self.remove})


KIND = Kind("tag", Tags)
