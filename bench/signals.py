"""How soon an outside fact is a signal in the workflow that it concerns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from uuid import uuid4

from temporalio.api.enums.v1 import EventType

from bench.ground import Ground
from bench.meters import by_millisecond
from bench.table import Row, median, percentile
from demo.bodies import Json, stripe_checkout
from demo.story.purchases import BASICS, PRACTICE

PRICE = 14_900
Without = Callable[[], AbstractAsyncContextManager[None]]


def purchase(email: str, product: str) -> Json:
    """A paid checkout."""
    return stripe_checkout(email=email, name="Bea", products=[product], amount=PRICE, at=datetime.now(UTC))


class Buyers:
    """People whose purchase follow-up waits for its Day 5, and who buy again and again."""

    def __init__(self, found: Ground, count: int) -> None:
        self._found = found
        crowd = uuid4().hex[:12]
        self._emails = [f"{number}-{crowd}@people.example" for number in range(count)]
        joined = "journeys j JOIN contacts c ON c.id = j.contact_id"
        self._mine = f"FROM {joined} WHERE j.sequence = 'purchase_followup' AND c.email LIKE '%-{crowd}@%'"

    async def begin(self) -> None:
        """The first purchase of each, until their workflows wait."""
        await self._buy(BASICS)
        await self._found.until(f"SELECT count(*) {self._mine} AND j.step = 'purchase_day_5'", len(self._emails))

    async def again(self) -> None:
        """One more purchase of each, all at once."""
        await self._buy(PRACTICE)

    async def signalled(self, times: int) -> list[tuple[datetime, datetime]]:
        """For each person, when the newest purchase was taken in and when its signal stands in the history."""
        people = len(self._emails)
        await self._found.until(f"SELECT count(*) {self._mine} AND j.notified > {times}", people, every_s=0.1)
        newest = "(SELECT max(e.received_at) FROM events e WHERE e.contact_id = c.id AND e.type = 'purchase_completed')"
        rows = await self._found.rows(f"SELECT j.workflow_id, {newest} {self._mine}")
        signals = await asyncio.gather(*(self._last_signal(str(row[0])) for row in rows))
        return [(row[1], at) for row, at in zip(rows, signals, strict=True) if isinstance(row[1], datetime)]

    async def _buy(self, product: str) -> None:
        await asyncio.gather(*(self._found.senders.stripe(purchase(email, product)) for email in self._emails))

    async def _last_signal(self, workflow_id: str) -> datetime:
        events = self._found.client.get_workflow_handle(workflow_id).fetch_history_events()
        signalled = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
        return [event.event_time.ToDatetime(UTC) async for event in events if event.event_type == signalled][-1]


async def rows_of_signals(found: Ground, people: int, rounds: int, without_temporal: Without) -> list[Row]:
    """The latency with Temporal up, over some rounds; then, once, that of what came while it was down."""
    buyers = Buyers(found, people)
    await buyers.begin()
    spans: list[float] = []
    for number in range(1, rounds + 1):
        await buyers.again()
        spans += [(at - taken).total_seconds() for taken, at in await buyers.signalled(number)]
    async with without_temporal():
        await buyers.again()
    back = datetime.now(UTC)
    late = [(at - back).total_seconds() for _, at in await buyers.signalled(rounds + 1)]
    return [_row(f"{people} at once, Temporal up", spans), _row(f"{people} at once while Temporal was down", late)]


def _row(what: str, spans_s: list[float]) -> Row:
    spans = by_millisecond(spans_s)
    note = f"p99 {percentile(spans, 99):,.0f} ms; {len(spans)} signals"
    return Row(f"from the event to the signal: {what}, p50", median(spans), "ms", digits=0, note=note)
