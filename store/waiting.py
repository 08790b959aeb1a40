"""Journeys that wait for an event: what they wait for stands in their row, and is looked for in the inbox."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.steps.wait_for import WaitFor
from store.events import Event
from store.journeys import Journey

MAX_LOOKED_AT = 200


async def arrive(tx: AsyncSession, journey: Journey, step: str, wanted: WaitFor) -> None:
    """Begin to wait. Under the contact's lock, so that every event has come before this or counts."""
    newest = select(func.coalesce(func.max(Event.seq), 0)).where(Event.contact_id == journey.contact_id)
    since = journey.entry_seq if wanted.since == "entry" else (await tx.execute(newest)).scalar_one()
    journey.waits = {**wanted.model_dump(mode="json"), "step": step, "after": since}
    journey.heard = ""


_CANDIDATES = (
    select(Event.payload)
    .where(
        Event.contact_id == bindparam("contact"),
        Event.type == bindparam("type"),
        Event.seq > bindparam("since"),
        Event.state != "rejected",
        Event.client_side.is_(False),
    )
    .order_by(Event.seq)
    .limit(MAX_LOOKED_AT)
)


async def has_come(tx: AsyncSession, journey: Journey) -> bool:
    """Whether the event that the journey waits for is in the inbox."""
    given = {"contact": journey.contact_id, "type": journey.waits["event"], "since": journey.waits["after"]}
    payloads = (await tx.execute(_CANDIDATES, given)).scalars().all()
    if not payloads:
        return False
    fields = {name: value for name, value in journey.waits.items() if name in WaitFor.model_fields}
    wanted = WaitFor.model_validate(fields)
    entry = await tx.get_one(Event, journey.entry_event)
    return any(wanted.met_by(payload, entry.payload) for payload in payloads)


async def look(tx: AsyncSession, journey: Journey) -> None:
    """Have the workflow told where its event has come."""
    if journey.waits and not journey.heard and await has_come(tx, journey):
        journey.heard = journey.waits["step"]
        journey.revision += 1


def leave(journey: Journey) -> None:
    """The wait is over, whichever way it ended."""
    journey.waits, journey.heard = {}, ""
