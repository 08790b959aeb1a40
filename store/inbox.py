"""Putting events into the inbox: deduplicated, and in order within their key."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import DEDUPLICATED_BY_SESSION, Incoming
from store.base import now
from store.events import Event

DEDUPE_WINDOW = timedelta(hours=1)

# Made once, since they run for every event. On the tables and not the classes: nothing here is an object of a session.
_EVENTS = Event.__table__
_INSERT = (
    insert(_EVENTS)
    .values({column.name: bindparam(column.name) for column in _EVENTS.columns if column.name != "seq"})
    .on_conflict_do_update(
        index_elements=["source", "sender_id"],
        index_where=text("sender_id IS NOT NULL"),
        set_={"duplicates": _EVENTS.c.duplicates + 1},
    )
    .returning(_EVENTS.c.seq, literal_column("(xmax = 0)"))
)
_ADVISORY = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_WORK = text(
    """
    INSERT INTO inbox_keys (key, last_seq, done_seq, fence, retry_at) VALUES (:key, :seq, 0, 0, :at)
    ON CONFLICT (key) DO UPDATE SET last_seq = greatest(inbox_keys.last_seq, excluded.last_seq),
        retry_at = least(inbox_keys.retry_at, excluded.retry_at)
    """
)


def dedupe_key(incoming: Incoming) -> str | None:
    """By what an event without an id is recognised: `session:type`, for the listed types only.

    Two checkouts in one session are two where they name two carts.
    """
    if incoming.sender_id or not incoming.session_id or incoming.type not in DEDUPLICATED_BY_SESSION:
        return None
    cart = incoming.payload.get("cart_id") if incoming.type == "checkout_started" else None
    return ":".join(str(part) for part in (incoming.session_id, incoming.type, cart) if part)


def ordering_key(incoming: Incoming, contact_id: UUID | None) -> str:
    """What the event is routed in order with: its contact, else the sender's own entity, else its source."""
    if contact_id is not None:
        return f"contact:{contact_id}"
    return incoming.entity or f"source:{incoming.source}"


async def append(
    tx: AsyncSession,
    incoming: Incoming,
    contact_id: UUID | None = None,
    *,
    state: str = "waiting",
    reason: str | None = None,
) -> Event | None:
    """Store one event; None where it is a repeat, which is counted on the event that it repeats.

    The caller holds the contact's row lock where there is a contact, so that `seq` is the order of
    commits within the key.
    """
    event = _row(incoming, contact_id, state, reason)
    if contact_id is None:
        await lock(tx, event.key)
    if event.dedupe_key and await _repeats_session(tx, event):
        return None
    stored = await _insert(tx, event)
    if stored is None:
        return None
    if state == "waiting":
        await mark_work(tx, stored)
    return stored


def _row(incoming: Incoming, contact_id: UUID | None, state: str, reason: str | None) -> Event:
    received_at = now()
    return Event(
        key=ordering_key(incoming, contact_id),
        type=incoming.type,
        source=incoming.source,
        sender_id=incoming.sender_id,
        dedupe_key=dedupe_key(incoming),
        contact_id=contact_id,
        entity=incoming.entity,
        session_id=incoming.session_id,
        occurred_at=incoming.occurred_at or received_at,
        received_at=received_at,
        payload=incoming.payload,
        raw=incoming.raw,
        client_side=incoming.client_side,
        state=state,
        reason=reason,
    )


async def _insert(tx: AsyncSession, event: Event) -> Event | None:
    """One statement that stores the event, or counts a repeat of the sender's id on the first one."""
    seq, is_new = (await tx.execute(_INSERT, event.model_dump(exclude={"seq"}))).one()
    event.seq = seq
    return event if is_new else None


async def _repeats_session(tx: AsyncSession, event: Event) -> bool:
    await lock(tx, f"dedupe:{event.dedupe_key}")
    window = Event.occurred_at.between(event.occurred_at - DEDUPE_WINDOW, event.occurred_at + DEDUPE_WINDOW)
    found = select(Event.id).where(Event.dedupe_key == event.dedupe_key, window).limit(1)
    original = (await tx.execute(found)).scalar_one_or_none()
    if original is None:
        return False
    await tx.execute(update(Event).where(Event.id == original).values(duplicates=Event.duplicates + 1))
    return True


async def lock(tx: AsyncSession, key: str) -> None:
    """Serialise writers of one key until the end of the transaction (64-bit hash: a collision only waits)."""
    await tx.execute(_ADVISORY, {"key": key})


async def mark_work(tx: AsyncSession, event: Event) -> None:
    """Tell dispatch that the event's key has something to route."""
    await tx.execute(_WORK, {"key": event.key, "seq": event.seq, "at": now()})


async def replay(
    tx: AsyncSession, event: Event, contact_id: UUID | None, payload: dict[str, object] | None = None
) -> Event:
    """Put a rejected event back at the end of its key's line, mended by `payload` where given."""
    if contact_id is None:
        await lock(tx, event.key)
    seq = text("nextval(pg_get_serial_sequence('events', 'seq'))")
    values: dict[str, object] = {"state": "waiting", "reason": None, "attempts": 0, "seq": seq}
    if contact_id is not None:
        values |= {"contact_id": contact_id, "key": f"contact:{contact_id}"}
    if payload is not None:
        values["payload"] = payload
    await tx.execute(update(Event).where(Event.id == event.id).values(**values))
    await tx.refresh(event)
    await mark_work(tx, event)
    return event
