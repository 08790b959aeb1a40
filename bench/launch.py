"""A brand's launch: from the call until all of its assets wait for their review, with the offline writer."""

from __future__ import annotations

import time

from bench.ground import Ground, Scale, ground
from bench.table import Row, median
from embedded.progress import Say
from store import launches
from store.queries.launches import launch_view

TITLE = "A brand's launch"
ABOUT = (
    "The sample brand is launched with the offline writer and one worker: five books are read, and 28 assets are "
    "asked for, written, scored and put before a person, a child workflow each. The time is from before the "
    "request's commit to when the last asset waits for its review, by the rows. The writer's share is what the "
    "assets took in it, side by side and therefore longer than the wall clock saw of it; what is outside it is "
    "the rest of the wall time at least: reading the books, checks of quality, rows and workflows."
)
MOST_S = 60.0
ASSETS = 28
_READY = "SELECT count(*) FROM launches WHERE ready_at IS NOT NULL"
_BUSY = """
    SELECT extract(epoch FROM sum(upper(r) - lower(r))) FROM unnest(
        (SELECT range_agg(tstzrange(started_at, written_at)) FROM assets WHERE written_at IS NOT NULL)) r
"""


async def measure(scale: Scale, say: Say) -> list[Row]:
    """Launches of fresh installations, one after the other."""
    walls, outside, per_asset = [], [], []
    for turn in range(scale.of(3)):
        say(f"launch {turn + 1}")
        async with ground(say) as found:
            wall_s, busy_s, spans = await _launched(found)
        walls.append(wall_s)
        outside.append(wall_s - busy_s)
        per_asset += spans
    return [
        Row("from the call until all wait for their review", median(walls), "s", MOST_S,
            note=f"{ASSETS} assets; worst of {len(walls)}: {max(walls):.1f} s"),
        Row("share of it in which nothing was being written", median(outside) / median(walls), "", digits=2,
            note="before the first asset: the books are read"),
        Row("an asset, from its turn to its draft in the rows", median(per_asset), "s", digits=2,
            note=f"longest {max(per_asset):.2f} s; four side by side on the worker's core"),
    ]  # fmt: skip


async def _launched(found: Ground) -> tuple[float, float, list[float]]:
    begun_s = time.perf_counter()
    async with found.db.transaction() as tx:
        row = await launches.begin(tx, found.marketing.brand.key, "bench")
    await found.until(_READY, 1, within_s=600, every_s=0.1)
    wall_s = time.perf_counter() - begun_s
    async with found.db.transaction() as tx:
        view = await launch_view(tx, row.id)
    assert view.counts == {"for review": ASSETS}, view.counts
    [[busy_s]] = await found.rows(_BUSY)
    return wall_s, float(str(busy_s)), [one.seconds for one in view.assets if one.seconds is not None]
