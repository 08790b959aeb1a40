"""The page of lead magnets: each with the people who asked for it, took it, and what its quiz found."""

from __future__ import annotations

import re

from domain.events import Incoming
from store import assets
from tests import magnets_kit
from tests.api.callers import somebody
from tests.api.dashboard.people import Person
from tests.api.dashboard.town import Town

SLUG = "meditations-quiz"


def figures(page: str) -> list[str]:
    [row] = re.findall(rf'<a href="/g/{SLUG}">.*?</tr>', page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", row).split()).split("quiz live ", 1)[1].split(" ", 2)


async def test_people_are_counted_once(town: Town, viewing: Person) -> None:
    await magnets_kit.published(town.services.db, "meditations", "quiz", SLUG)
    assert "nobody asked yet" in await viewing.opens("/magnets")
    given = {"magnet": SLUG}
    for email, scores in ((somebody(), ("starting", "advanced")), (somebody(), ("growing",))):
        for _ in range(2):
            await town.services.take(Incoming(type="lead_captured", source="form:x", email=email, payload=given))
        for segment in scores:
            taken = {"quiz": SLUG, "segment": segment}
            await town.services.take(Incoming(type="quiz_completed", source="form:x", email=email, payload=taken))
    done = Incoming(type="lead_magnet_downloaded", source="form:x", email=email, payload=given)
    await town.services.take(done)
    page = await viewing.opens("/magnets")
    assert figures(page) == ["2", "1", "50 % starting 0, growing 1, advanced 1"]


async def test_what_is_taken_back_is_not_listed(town: Town, viewing: Person) -> None:
    async with town.services.db.transaction() as tx:
        row = await assets.live(tx, SLUG, "magnet")
        row.ended_at = row.live_at
    assert SLUG not in await viewing.opens("/magnets")
