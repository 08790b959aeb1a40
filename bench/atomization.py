"""From a release's webhook to the drafts that wait for their review."""

from __future__ import annotations

import time

from bench.ground import Ground, Scale, ground
from bench.table import Row, median, percentile
from demo.senders import Senders
from embedded.progress import Say

TITLE = "From a release to drafts"
ABOUT = (
    "A signed GitHub webhook of a release, one after the other: from before it is posted until its drafts of "
    "every kind are in the rows, scored and with their reviews begun, with the offline writer."
)
TIMES = 30
BODY = """
## Added
- Exports can be scheduled: pick a day and an hour, and the file is in your bucket.
- Every export says how many rows it has, and which filter made it.
## Fixed
- A filter with an empty list no longer matches everything.
- Times in exports carry their zone, so that spreadsheets read them right.
- An export that was stopped half-way is taken up again where it ended.
"""


async def measure(scale: Scale, say: Say) -> list[Row]:
    """Releases, one after the other."""
    async with ground(say) as found:
        await _atomized(found, 0)  # the first of everything takes longer
        spans = [await _atomized(found, number) for number in range(1, scale.of(TIMES) + 1)]
        kinds = len(found.marketing.atomization.kinds)
    note = f"p95 {percentile(spans, 95):.0f} ms; {len(spans)} releases, {kinds} drafts each"
    return [Row("from the webhook to all drafts, p50", median(spans), "ms", digits=0, note=note)]


async def _atomized(found: Ground, number: int) -> float:
    kinds = len(found.marketing.atomization.kinds)
    before = await found.count("SELECT count(*) FROM reviews")
    release = {
        "action": "published",
        "release": {
            "id": 1_000 + number,
            "tag_name": f"v1.{number}",
            "name": f"Scheduled exports {number}",
            "body": BODY,
            "html_url": f"https://github.example/acme/exports/releases/v1.{number}",
            "draft": False,
            "prerelease": False,
        },
        "repository": {"full_name": "acme/exports", "private": False},
    }
    begun_s = time.perf_counter()
    await Senders(found.http, found.secrets).github(release)
    await found.until("SELECT count(*) FROM reviews", before + kinds, every_s=0.01)
    return (time.perf_counter() - begun_s) * 1000
