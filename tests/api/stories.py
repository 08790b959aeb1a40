"""Rows that dispatch and workers would write, for reading them back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlmodel import col

from api.deps import Services
from domain.events import Incoming
from store.base import now
from store.events import Event
from store.journeys import Journey, SequenceRow
from store.messages import Message
from tests.api.callers import somebody

SEQUENCE = "test_sequence"


class Story:
    """One person, from whose first event on things happen."""

    def __init__(self, services: Services, contact_id: UUID, email: str, first: Event) -> None:
        self.services, self.contact_id, self.email, self.first = services, contact_id, email, first

    def later(self, **span: float) -> datetime:
        """So long after the first event, in real time."""
        return self.first.received_at + timedelta(**span)

    async def journey(self, **fields: Any) -> Journey:
        """A journey of this person, running unless told otherwise."""
        row_id = uuid4()
        row = Journey(
            id=row_id,
            sequence=SEQUENCE,
            version=1,
            contact_id=self.contact_id,
            entry_event=self.first.id,
            entry_seq=self.first.seq or 0,
            workflow_id=f"test/{row_id}",
            **{"entry_no": 1, "state": "running", "exclusive": False, **fields},
        )
        async with self.services.db.transaction() as tx:
            if await tx.get(SequenceRow, SEQUENCE) is None:
                tx.add(SequenceRow(key=SEQUENCE))
                await tx.flush()
            tx.add(row)
        return row

    async def message(self, journey: Journey, step: str, **fields: Any) -> Message:
        """A message of that journey, sent unless told otherwise."""
        row = Message(
            id=uuid4(),
            journey_id=journey.id,
            contact_id=self.contact_id,
            sequence=journey.sequence,
            step=step,
            recipient=self.email,
            **{"lane": "marketing", "state": "sent", "subject": f"About {step}", "created_at": now(), **fields},
        )
        async with self.services.db.transaction() as tx:
            tx.add(row)
        return row


async def begin(services: Services, type_: str = "signup") -> Story:
    """A new person with one event."""
    email = somebody()
    receipt = await services.take(Incoming(type=type_, source="test", email=email, sender_id=uuid4().hex))
    async with services.db.transaction() as tx:
        first = (await tx.execute(select(Event).where(col(Event.id) == receipt.event_id))).scalar_one()
    assert first.contact_id is not None
    return Story(services, first.contact_id, email, first)
