"""Mails that a person gets once, whatever sequence asks for them: a review of the same product, a promised bonus."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.conditions import look_up
from domain.sequences import Step
from store.contacts import Contact
from store.events import Event
from store.journeys import Journey
from store.messages import Message

if TYPE_CHECKING:
    from store.ledger import Due

MAX_CHARS = 500
_FIELD = re.compile(r"{(payload\.[A-Za-z0-9_.]+)}")
# One that failed or was not sent has said nothing.
_SAID = select(
    exists().where(
        Message.contact_id == bindparam("contact"),
        Message.once == bindparam("once"),
        Message.state.in_(("claimed", "calling", "sent", "unknown")),
        (Message.journey_id != bindparam("journey")) | (Message.step != bindparam("step")),
    )
)


async def word(tx: AsyncSession, journey: Journey, step: Step) -> str:
    """The step's word with the fields of the event that began the journey: `review:field-guide`."""
    if not _FIELD.search(step.once):
        return step.once
    entry = await tx.get_one(Event, journey.entry_event)
    facts = {"payload": entry.payload}
    return _FIELD.sub(lambda found: str(look_up(facts, found[1])), step.once)[:MAX_CHARS]


async def said_before(tx: AsyncSession, contact: Contact, due: Due, once: str) -> str | None:
    """Why it is not sent again. Asked under the contact's lock, so that two journeys at once cannot both say it."""
    given = {"contact": contact.id, "once": once, "journey": due.journey_id, "step": due.step}
    return "asked_before" if (await tx.execute(_SAID, given)).scalar_one() else None
