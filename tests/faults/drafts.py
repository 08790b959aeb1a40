"""Reviews that wait for a person, made as they are made: by releases on GitHub."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from demo.bodies import github_release
from tests.faults.ground import Ground
from tests.faults.kit import Delivery, Sender, bearer, until

KINDS = 4
NOTES = """\
Alerts that fire together are now grouped into one page, so that an outage wakes one person once. The page lists
every alert of the group in the order in which they fired. Searching a week of traces takes two seconds instead of
twenty. The index is built while spans arrive, so there is nothing to rebuild. The export no longer drops the last
line of a file. Time zones with half hours are shown as they are.
"""


async def waiting_reviews(product: Ground, fault: str, count: int) -> list[dict[str, Any]]:
    """So many reviews, all pending."""
    sender = Sender(product.wires)
    releases = range(-(-count // KINDS))
    await sender.tell_all(_release(product, fault, number) for number in releases)

    async def ask() -> list[dict[str, Any]]:
        rows = await product.rows(_PENDING, title=f"{fault}/%")
        return [dict(row._mapping) for row in rows] if len(rows) >= count else []

    found = await until(ask, 120, 0.5)
    assert found, "the drafts do not come"
    return found[:count]


_PENDING = "SELECT id::text, kind, body, draft FROM reviews WHERE title LIKE :title AND state = 'pending' ORDER BY id"


def _release(product: Ground, fault: str, number: int) -> Delivery:
    content = github_release(
        repository=f"{fault}/tool",
        release_id=number,
        tag=f"v{number}",
        name=f"Tool {number}",
        body=f"Release number {number}. {NOTES}",
        at=datetime.now(UTC),
    )
    return product.vendors.deliver("github", f"{fault}/{number}", content)


def decision(review: str, action: str, key: str, **given: Any) -> Delivery:
    """`approve`, `edit`, `reject` or `regenerate`, as a request."""
    path = f"/v1/reviews/{review}/{action}"
    return Delivery(f"{action} {review}", path, json.dumps(given).encode(), lambda: bearer(key))
