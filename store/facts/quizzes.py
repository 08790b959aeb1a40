"""What a quiz says of a person: the segment of their newest one, as a tag that segments and sequences can use."""

from __future__ import annotations

from typing import Final, get_args

from sqlalchemy.ext.asyncio import AsyncSession

from domain.magnets import Segment
from domain.marketing import Marketing
from store.contacts import Contact
from store.events import Event

TAG: Final = "quiz:"
SEGMENTS: Final = frozenset(get_args(Segment))


async def completed(_tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """The tag of this segment in the place of an earlier one's."""
    found = event.payload.get("segment")
    if found in SEGMENTS:
        others = {f"{TAG}{one}" for one in SEGMENTS}
        contact.tags = sorted({*(tag for tag in contact.tags if tag not in others), f"{TAG}{found}"})
