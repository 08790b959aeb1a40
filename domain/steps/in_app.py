"""`in_app: {title: …, body: …}`: a message that the product shows when the person is there next."""

from __future__ import annotations

from pydantic import Field

from domain.schedule import Delay
from domain.steps.base import Body, DelayText, Kind


class InApp(Body):
    """Liquid in all texts. It is shown until it is seen, or `expires` (virtual) after it was written."""

    title: str = Field(min_length=1, max_length=200)
    body: str = Field(default="", max_length=2_000)
    url: str = Field(default="", max_length=500)
    expires: DelayText = Delay(days=30)


KIND = Kind("in_app", InApp)
