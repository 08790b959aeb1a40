"""How soon somebody is in another tier, among a hundred thousand people at rest."""

from __future__ import annotations

import time

from sqlalchemy import text

from bench.ground import Ground, Scale, ground
from bench.people import analyze, settle
from bench.table import Row, percentile
from domain.events import Incoming
from embedded.progress import Say
from store import engagement_sweep
from store.ingest import ingest

TITLE = "Tiers of 100,000 people"
ABOUT = (
    "A hundred thousand scored contacts at rest. One after the other buys something: the time is from before the "
    "event's first transaction to when the running worker has moved the person's tier, seen by asking every five "
    "milliseconds. Then a thousand of them are due by time alone: the time of one batch of 200 of the sweep."
)
SIZE, TIMES, DUE, BATCH = 100_000, 200, 1_000, 200
MOST_MS = 1_500.0
SCORED = """
INSERT INTO engagement (contact_id, tier, score, moves, next_look_at)
SELECT id, 'cold', 0, 1, now() + interval '1 day' + interval '1 minute' * (abs(hashtext(id::text)) % 40000)
FROM contacts
"""
LATE = "UPDATE engagement SET next_look_at = now() WHERE contact_id IN (SELECT contact_id FROM engagement LIMIT :due)"


async def measure(scale: Scale, say: Say) -> list[Row]:
    """Moves by events, then by the sweep."""
    size = scale.size or scale.of(SIZE)
    async with ground(say, api=False, scored=True) as found:
        await settle(found, size, "tiers")
        async with found.db.transaction() as tx:
            await tx.execute(text("SET LOCAL statement_timeout = 0"))
            await tx.execute(text(SCORED))
        await analyze(found)
        say(f"{size:,} people")
        moves = [await _move(found, number) for number in range(scale.of(TIMES))]
        swept = await _sweep(found)
    return [
        Row(f"a tier change among {size:,}, p95", percentile(moves, 95), "ms", MOST_MS,
            note=f"p50 {percentile(moves, 50):.0f} ms"),
        Row(f"a batch of {BATCH} of the sweep, p95", percentile(swept, 95), "ms", None,
            note=f"p50 {percentile(swept, 50):.0f} ms"),
    ]  # fmt: skip


async def _move(found: Ground, number: int) -> float:
    email = f"mover-{number}@people.example"
    begun_s = time.perf_counter()
    bought = Incoming(
        type="purchase_completed", source="bench", sender_id=email, email=email, payload={"order_id": email}
    )
    await ingest(found.db, found.marketing, bought)
    moved = f"SELECT count(*) FROM contacts WHERE email = '{email}' AND attributes ->> 'tier' = 'engaged'"
    await found.until(moved, 1, every_s=0.005)
    return (time.perf_counter() - begun_s) * 1000


async def _sweep(found: Ground) -> list[float]:
    async with found.db.transaction() as tx:
        await tx.execute(text(LATE), {"due": DUE})
    took = []
    for _ in range(DUE // BATCH):
        begun_s = time.perf_counter()
        await engagement_sweep.sweep(found.db, found.clock, found.marketing.engagement, BATCH)
        took.append((time.perf_counter() - begun_s) * 1000)
    return took
