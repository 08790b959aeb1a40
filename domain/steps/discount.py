"""`discount: {percent: 20, valid: 48h}`: a code of the person's own, good for one purchase."""

from __future__ import annotations

from pydantic import Field

from domain import names
from domain.steps.base import Body, DelayText, Kind


class Discount(Body):
    """Made at the payment processor. Mails after this step show it. `valid` is virtual time from the step on."""

    percent: int = Field(ge=1, le=100)
    valid: DelayText


KIND = Kind("discount", Discount, names.DISCOUNT)
