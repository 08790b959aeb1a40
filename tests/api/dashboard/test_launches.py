"""The pages of launches: begun by a button, watched, stopped and resumed."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from domain.launching import Planned
from store import assets, launches
from tests.api.dashboard.people import Person
from tests.api.dashboard.town import Town

PLANNED = [
    Planned("linkedin", "quiet-linkedin", "Quiet: linkedin"),
    Planned("thread", "quiet-thread", "Quiet: thread", needs=["quiet-linkedin"]),
]


@pytest.fixture
async def launch_id(town: Town) -> UUID:
    """A launch of two assets, of which one was written."""
    async with town.services.db.transaction() as tx:
        await tx.execute(text("UPDATE launches SET state = 'done'"))
        await tx.execute(text("UPDATE assets SET slug = slug || id, launch_id = NULL"))
    planned = [Planned(one.kind, f"{one.slug}-{UUID(int=0)}"[:60], one.title) for one in PLANNED]
    async with town.services.db.transaction() as tx:
        row = await launches.begin(tx, "fieldnotes", "operator")
        await launches.prepared(tx, row.id, planned, {})
        ids = [asset.id for asset in await assets.of_launch(tx, row.id)]
        if ids:
            await assets.begun(tx, ids[0])
            await assets.failed(tx, ids[0], "The writer made no linkedin (refused).")
    return row.id


async def test_the_button_launches_the_brand_and_the_page_says_of_what(
    town: Town, marketing_person: Person, viewing: Person
) -> None:
    page = await marketing_person.opens("/launches")
    assert "28 assets are written from 5 books" in page
    assert "<button" not in (await viewing.opens("/launches")).split("<main")[1]
    answer = await marketing_person.posts("/launches")
    assert answer.status_code == 303
    where = answer.headers["location"]
    assert "The books are being read." in await marketing_person.opens(where)
    again = await marketing_person.posts("/launches")
    assert again.status_code == 409
    assert "runs already" in again.text
    async with town.services.db.transaction() as tx:
        await tx.execute(text("UPDATE launches SET state = 'done'"))


async def test_a_launch_is_stopped_resumed_and_asked_again(marketing_person: Person, launch_id: UUID) -> None:
    place = f"/launches/{launch_id}"
    page = await marketing_person.opens(place)
    assert "1 of 2 are written" in page
    assert "The writer made no linkedin (refused)." in page
    assert (await marketing_person.posts(f"{place}/stop")).status_code == 303
    assert "nothing more is begun" in await marketing_person.opens(place)
    refused = await marketing_person.posts(f"{place}/again")
    assert (refused.status_code, "resume it first" in refused.text) == (409, True)
    assert (await marketing_person.posts(f"{place}/resume")).status_code == 303
    assert (await marketing_person.posts(f"{place}/again")).status_code == 303
    assert "0 of 2 are written" in await marketing_person.opens(place)


async def test_a_viewer_changes_nothing(viewing: Person, launch_id: UUID) -> None:
    for what in ("stop", "resume", "again"):
        assert (await viewing.posts(f"/launches/{launch_id}/{what}")).status_code == 403
