"""Moving running journeys to another version of their sequence, some hundred a transaction."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as Many
from uuid import UUID

from sqlalchemy import BindParameter, Uuid, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.clock import Clock
from domain.moving import Land, Move, Running, fixed, move, remembered
from domain.plans import landing
from domain.sequences import Sequence
from domain.steps.wait_for import WaitFor
from store import waiting
from store.actions import DEFERRED
from store.anchors import anchor_of
from store.base import now
from store.changes import SequenceChange, definition_of, locked
from store.contacts import Contact
from store.events import Action, Event
from store.journeys import OPEN, Journey
from store.lifecycle import end
from store.messages import Message
from store.sequences import Definitions
from store.zones import zone_of

BATCH = 200
CHANGED = "sequence_changed"
# A journey and its person's zone.
Stands = Many[tuple[Journey, str]]


async def running(tx: AsyncSession, key: str, version: int, after: UUID | None, most: int) -> Stands:
    """Journeys that run by another version, in the order of their ids, from the one behind `after` on."""
    rows = (
        select(Journey, Contact.timezone)
        .join(Contact, Contact.id == Journey.contact_id)
        .where(Journey.sequence == key, Journey.state.in_(OPEN), Journey.version != version)
        .order_by(Journey.id)
        .limit(most)
        .execution_options(populate_existing=True)
    )
    if after is not None:
        rows = rows.where(Journey.id > after)
    return [(row[0], row[1]) for row in (await tx.execute(rows)).all()]


async def moves(
    tx: AsyncSession, definitions: Definitions, clock: Clock, new: Sequence, stands: Stands
) -> list[Move | None]:
    """What moving means for each of them; None for one that has to keep its version."""
    done = await _done(tx, new.sequence, [journey for journey, _ in stands])
    payloads = await _payloads(tx, new, [journey for journey, _ in stands])
    found: list[Move | None] = []
    lands: dict[int, Land] = {}
    for journey, timezone in stands:
        old = await definitions.of(tx, journey.sequence, journey.version)
        zone = zone_of(timezone)
        anchor_at = await anchor_of(tx, new, journey.about, payloads.get(journey.entry_event, {}), zone, clock)
        if fixed(old, new) or (new.anchor is not None and anchor_at is None):
            found.append(None)
            continue
        this = Running(
            step=journey.step,
            started_at=journey.started_at,
            as_of=journey.paused_at if journey.state == "paused" and journey.paused_at else now(),
            shift_s=journey.shift_s,
            zone=zone,
            next_due_at=journey.next_due_at,
            reached_at=journey.reached_at,
            anchor_at=anchor_at,
        )
        land = lands.setdefault(journey.version, remembered(landing))
        found.append(move(old, new, this, done[journey.id], clock, land))
    return found


async def _done(tx: AsyncSession, key: str, journeys: Many[Journey]) -> dict[UUID, set[str]]:
    """The steps of each that were carried out or skipped for good."""
    found: dict[UUID, set[str]] = {journey.id: set() for journey in journeys}
    mails = select(Message.journey_id, Message.step).where(Message.journey_id == any_(_ids(found)))
    for journey_id, step in (await tx.execute(mails)).all():
        found[journey_id].add(step)
    of_entry = {journey.entry_event: journey.id for journey in journeys}
    noted = select(Action.event_id, Action.target).where(
        Action.event_id == any_(_ids(of_entry)),
        col(Action.target).startswith(f"{key}.", autoescape=True),
        Action.kind != DEFERRED,
    )
    for event_id, target in (await tx.execute(noted)).all():
        found[of_entry[event_id]].add(target.removeprefix(f"{key}."))
    return found


def _ids(ids: Iterable[UUID]) -> BindParameter[Many[UUID]]:
    """As one array: two thousand parameters take longer to write down than the question takes to answer."""
    return bindparam(None, list(ids), ARRAY(Uuid))


async def _payloads(tx: AsyncSession, new: Sequence, journeys: Many[Journey]) -> dict[UUID, dict[str, object]]:
    """What the events said that began them, where the new version counts from it."""
    if not (new.anchor or "").startswith("payload."):
        return {}
    rows = select(Event.id, Event.payload).where(Event.id.in_([journey.entry_event for journey in journeys]))
    return {row[0]: row[1] for row in (await tx.execute(rows)).all()}


async def carry_batch(
    tx: AsyncSession, definitions: Definitions, clock: Clock, change_id: UUID, most: int = BATCH
) -> bool:
    """Take the next journeys of the change to where its choice says; whether there may be more.

    One transaction: what is repeated after a crash was not done, and a journey that was taken over is not found again.
    """
    change = await locked(tx, change_id)
    if change.state != "running":
        return False
    stands = await running(tx, change.sequence, change.version, change.after, most)
    if not stands:
        return False
    ids = [journey.id for journey, _ in stands]
    contacts = sorted({journey.contact_id for journey, _ in stands})
    await tx.execute(select(Contact.id).where(Contact.id.in_(contacts)).order_by(Contact.id).with_for_update())
    again = await _again(tx, change, ids)
    held = [(journey, timezone) for journey, timezone in again if journey.contact_id in contacts]
    if change.choice == "stop":
        _stop(change, [journey for journey, _ in held])
    else:
        await _move(tx, definitions, clock, change, held)
    # Who became part of another person just now is not locked, and is looked at again.
    missed = [journey.id for journey, _ in again if journey.contact_id not in contacts]
    change.after = max((one for one in ids if not missed or one < min(missed)), default=change.after)
    await tx.flush()
    await wake(tx, contacts)
    return True


async def _again(tx: AsyncSession, change: SequenceChange, ids: list[UUID]) -> Stands:
    """Those that are still so now that their people are locked."""
    rows = (
        select(Journey, Contact.timezone)
        .join(Contact, Contact.id == Journey.contact_id)
        .where(Journey.id.in_(ids), Journey.state.in_(OPEN), Journey.version != change.version)
        .order_by(Journey.id)
        .with_for_update(of=Journey)
        .execution_options(populate_existing=True)
    )
    return [(row[0], row[1]) for row in (await tx.execute(rows)).all()]


def _stop(change: SequenceChange, journeys: Many[Journey]) -> None:
    """End them; a cart keeps its reminders, since its end is what gives the stock back."""
    for journey in journeys:
        if not journey.workflow_id.startswith("cart/"):
            end(journey, "exited", CHANGED)
            change.stopped += 1


async def _move(tx: AsyncSession, definitions: Definitions, clock: Clock, change: SequenceChange, held: Stands) -> None:
    new = await definition_of(tx, change.sequence, change.version)
    found = await moves(tx, definitions, clock, new, held)
    for (journey, timezone), where in zip(held, found, strict=True):
        if where is None:
            continue
        entry = await tx.get_one(Event, journey.entry_event) if new.anchor else None
        zone = zone_of(timezone)
        journey.anchor_at = await anchor_of(tx, new, journey.about, entry.payload if entry else {}, zone, clock)
        apply(journey, new, change.version, where)
        change.moved += 1
        change.at_once += where.at_once
        change.finished += where.step is None


def apply(journey: Journey, new: Sequence, version: int, where: Move) -> None:
    """The row as it goes on, and its workflow to be told."""
    journey.version = version
    if where.step is None:
        end(journey, "completed", CHANGED)
        return
    step = new.step(where.step)
    if journey.waits and journey.waits.get("step") != step.key:
        waiting.leave(journey)
    elif journey.waits and step.kind == "wait_for":
        since = journey.waits["after"]
        journey.waits = {**step.read(WaitFor).model_dump(mode="json"), "step": step.key, "after": since}
    journey.step, journey.next_due_at = step.key, where.due_at
    journey.shift_s += where.shift_s
    journey.revision += 1


_WAKE = text(
    """
    INSERT INTO inbox_keys (key, last_seq, done_seq, fence, retry_at)
    SELECT 'contact:' || id, nextval(pg_get_serial_sequence('events', 'seq')), 0, 0, :at
    FROM unnest(CAST(:contacts AS uuid[])) id
    ON CONFLICT (key) DO UPDATE SET last_seq = greatest(inbox_keys.last_seq, excluded.last_seq),
        retry_at = least(inbox_keys.retry_at, excluded.retry_at)
    """
)


async def wake(tx: AsyncSession, contacts: list[UUID]) -> None:
    """Have dispatch look at these people, whose locks are held, without an event: so their workflows are told."""
    await tx.execute(_WAKE, {"contacts": [str(contact) for contact in contacts], "at": now()})


async def finish(tx: AsyncSession, change_id: UUID) -> SequenceChange:
    """Everybody was looked at, unless somebody halted it before."""
    change = await locked(tx, change_id)
    if change.state == "running":
        change.state, change.finished_at = "done", now()
    return change
