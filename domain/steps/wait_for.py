"""`wait_for: {event: purchase_completed, timeout: 2d}`: until it happens, at most so long."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from pydantic import Field

from domain.steps.base import Body, DelayText, Kind

Same = Literal["order", "booking", "webinar", "product", "subscription"]
# Where events say what they are about.
_NAMED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "order": ("order_id", "payment_intent"),
        "booking": ("invitee_uri", "booking_id"),
        "webinar": ("webinar",),
        "product": ("product", "products"),
        "subscription": ("subscription", "id"),
    }
)


class WaitFor(Body):
    """`then` follows the event, `else` the timeout.

    Events count that came after the step was reached; with `since: entry` also those since the journey began. With
    `same` only one about the same order, booking, … as the event that began the journey.
    """

    event: str = Field(pattern=r"^[a-z][a-z0-9_.]*$")
    timeout: DelayText
    same: Same | None = None
    since: Literal["here", "entry"] = "here"

    def met_by(self, payload: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
        """Whether an event of the type counts, by what both events say that they are about."""
        return self.same is None or bool(_about(self.same, payload) & _about(self.same, entry))


def _about(same: Same, payload: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for name in _NAMED[same]:
        value = payload.get(name)
        found |= {str(one) for one in (value if isinstance(value, list) else [value]) if one}
    return found


KIND = Kind("wait_for", WaitFor, nests=("then", "else"))
