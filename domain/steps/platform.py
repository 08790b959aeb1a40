"""`platform: {DEMO_BOOKED: "true"}`."""

from __future__ import annotations

from pydantic import Field

from domain import names
from domain.steps.base import Body, Kind


class PlatformUpdate(Body):
    """Attributes of the person on the marketing platform."""

    attributes: dict[str, str] = Field(min_length=1)


KIND = Kind("platform", PlatformUpdate, names.PLATFORM_STEP, lambda value: {"attributes": value})
