"""How long it takes to count and to list a segment of a hundred thousand people."""

from __future__ import annotations

import time

from bench.ground import Ground, Scale, ground
from bench.people import act, settle
from bench.table import Row, percentile
from domain.segments import Filter
from embedded.progress import Say
from store import segments

TITLE = "Segments of 100,000 people"
ABOUT = (
    "A hundred thousand contacts with tags and attributes, and three events of each over a hundred days. The segment "
    "has three conditions: a tag, an attribute, and at least one use of a feature in 30 days. Each figure is of the "
    "whole question from this process: reading the filter, compiling it, and PostgreSQL's answer."
)
SIZE, EVENTS_EACH, TIMES = 100_000, 3, 40
MOST_MS = 500.0
FILTER = {
    "all": [
        {"kind": "tag", "tag": "lead"},
        {"kind": "attribute", "name": "plan", "op": "is", "value": "pro"},
        {"kind": "event", "event": "feature_usage", "op": "at_least", "count": 1, "days": 30},
    ]
}
OFTEN = {"kind": "event", "event": "feature_usage", "op": "at_most", "count": 0, "days": 60}


async def measure(scale: Scale, say: Say) -> list[Row]:
    """Count, list, and ask about one person, again and again."""
    size = scale.size or scale.of(SIZE)
    async with ground(say, api=False) as found:
        await settle(found, size, "many")
        await act(found, EVENTS_EACH)
        say(f"{size:,} people, {size * EVENTS_EACH:,} events")
        node = segments.read(FILTER)
        async with found.db.transaction() as tx:
            inside = await segments.count(tx, node, found.clock)
            someone = (await segments.sample(tx, node, found.clock, limit=1))[0].id
        rows = [
            _row(f"count of {inside:,} in {size:,}: three conditions", await _times(found, node), MOST_MS),
            _row("count: who did not do something in 60 days", await _times(found, segments.read(OFTEN)), None),
            _row("twenty of those who are in it", await _times(found, node, "sample"), None),
        ]
        took = []
        for _ in range(TIMES):
            begun_s = time.perf_counter()
            async with found.db.transaction() as tx:
                await segments.because(tx, node, found.clock, someone)
            took.append((time.perf_counter() - begun_s) * 1000)
    return [*rows, _row("why one person is in it", took, None)]


async def _times(found: Ground, node: Filter, what: str = "count") -> list[float]:
    took = []
    for _ in range(TIMES):
        begun_s = time.perf_counter()
        async with found.db.transaction() as tx:
            await (segments.count if what == "count" else segments.sample)(tx, node, found.clock)
        took.append((time.perf_counter() - begun_s) * 1000)
    return took


def _row(what: str, took: list[float], target: float | None) -> Row:
    return Row(f"{what}, p95", percentile(took, 95), "ms", target, note=f"p50 {percentile(took, 50):.0f} ms")
