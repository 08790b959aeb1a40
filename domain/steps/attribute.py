"""`attribute: {name: value}`: facts about the person that conditions and mails can look at."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from domain.steps.base import Body, Kind

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$", max_length=60)]


class Attributes(Body):
    """Each name gets its value; null takes it away."""

    values: dict[Name, str | int | float | bool | None] = Field(min_length=1)


KIND = Kind("attribute", Attributes, read=lambda value: {"values": value})
