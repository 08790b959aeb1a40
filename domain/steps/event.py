"""`event: welcome_finished`: an event of our own, by which other sequences begin or end."""

from __future__ import annotations

from pydantic import Field

from domain.steps.base import Body, Kind


class OwnEvent(Body):
    """`type` is the event's; what began this journey is passed on in its payload."""

    type: str = Field(pattern=r"^[a-z][a-z0-9_.]*$", max_length=100)


KIND = Kind("event", OwnEvent, read=lambda value: {"type": value})
