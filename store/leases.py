"""Ordering keys, leased to one dispatcher at a time and marked with a fence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from store.base import now
from store.events import Event, InboxKey

LEASE_S = 30
BATCH = 100

_TAKE = text(
    """
    UPDATE inbox_keys SET leased_until = clock_timestamp() + make_interval(secs => :lease_s), fence = fence + 1
    WHERE key IN (
        SELECT key FROM inbox_keys
        WHERE last_seq > done_seq AND retry_at <= clock_timestamp()
          AND (leased_until IS NULL OR leased_until < clock_timestamp())
        ORDER BY retry_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    RETURNING key, fence, last_seq
    """
)
_RELEASE = text(
    """
    UPDATE inbox_keys SET done_seq = greatest(done_seq, :done_seq), leased_until = NULL,
        retry_at = clock_timestamp() + make_interval(secs => :pause_s)
    WHERE key = :key AND fence = :fence
    """
)
_ROUTED = text("UPDATE events SET state = 'routed', routed_at = :at WHERE id = ANY(:events) AND state = 'waiting'")
_HELD = exists().where(InboxKey.key == bindparam("key"), InboxKey.fence == bindparam("fence"))
_WAITING = (
    select(Event).where(Event.key == bindparam("key"), Event.state == "waiting", _HELD).order_by(Event.seq).limit(BATCH)
)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to route one key's events until the lease ends or somebody else holds a higher fence."""

    key: str
    fence: int
    last_seq: int


async def take(tx: AsyncSession, most: int) -> list[Lease]:
    """Lease up to `most` keys that have something waiting, the longest waiting first."""
    rows = await tx.execute(_TAKE, {"most": most, "lease_s": LEASE_S})
    return [Lease(*row) for row in rows]


async def waiting(tx: AsyncSession, lease: Lease) -> Sequence[Event]:
    """The key's waiting events in their order, a hundred at most; none where the lease was lost."""
    return (await tx.execute(_WAITING, {"key": lease.key, "fence": lease.fence})).scalars().all()


async def mark_routed(
    tx: AsyncSession, lease: Lease, events: Sequence[UUID], done_seq: int, *, pause_s: float = 0
) -> bool:
    """Mark these events and give the key back; False, and nothing marked, where the lease was lost."""
    if not await release(tx, lease, done_seq=done_seq, pause_s=pause_s):
        return False
    await tx.execute(_ROUTED, {"events": list(events), "at": now()})
    return True


async def release(tx: AsyncSession, lease: Lease, *, done_seq: int = 0, pause_s: float = 0) -> bool:
    """Give the key back; what is still waiting is taken up after `pause_s`."""
    given = {"key": lease.key, "fence": lease.fence, "done_seq": done_seq, "pause_s": pause_s}
    result = await tx.execute(_RELEASE, given)
    return bool(result.rowcount)
