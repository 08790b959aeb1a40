"""`branch: [{field: contact.is_client, is: false}]`: one way or the other, by the rows as they are then."""

from __future__ import annotations

from pydantic import Field

from domain.conditions import When
from domain.steps.base import Body, Kind


class Branch(Body):
    """`then` follows where all conditions hold, else `else`."""

    when: list[When] = Field(min_length=1)


KIND = Kind("branch", Branch, read=lambda value: {"when": value}, nests=("then", "else"))
