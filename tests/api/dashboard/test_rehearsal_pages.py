"""A rehearsal is asked for in the browser, and its calendar shown once a worker has played it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page

from api.deps import Services
from domain.rehearsals import Line, Rehearsed
from store import rehearsals
from store.access import Role
from tests.api.dashboard.people import Person, sign_in
from tests.api.dashboard.test_sequence_pages import looks_right
from tests.changes_kit import mails, publish, unique
from tests.core_kit import World, marketing


@pytest.fixture(scope="module")
async def key(services: Services) -> str:
    made = unique()
    await publish(World(services.db, marketing()), mails(made, demo_nurture_1="0d", demo_nurture_2="7d"), "keep")
    return made


@pytest.fixture
async def page(chromium: Browser, site: str, users: dict[Role, str]) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = await context.new_page()
    await sign_in(opened, site, users["marketer"])
    yield opened
    await context.close()


def calendar(key: str) -> Rehearsed:
    begun = datetime(2026, 3, 2, 9, tzinfo=UTC)
    lines = [
        Line(at=begun, day=0, what="event", title="signup"),
        Line(at=begun, day=0, what="begins", outcome="entered"),
        Line(at=begun, day=0, what="email", step="demo_nurture_1", title="<b>Hello</b>", outcome="sent"),
        Line(at=begun + timedelta(days=5), day=5, what="step", step="tag", title="tag", outcome="done"),
        Line(at=begun + timedelta(days=6), day=6, what="ends", outcome="exited", why="The person unsubscribed."),
    ]
    return Rehearsed(
        sequence=key, name="X", zone="Asia/Tokyo", lines=lines, not_reached=["demo_nurture_2"], state="exited",
        why="The person unsubscribed.", took_s=3.1,
    )  # fmt: skip


async def test_it_is_asked_for_and_the_calendar_comes_by_itself(
    page: Page, site: str, services: Services, key: str
) -> None:
    await page.goto(f"{site}/sequences/{key}")
    await page.click("text=Rehearse")
    await looks_right(page, "rehearse")
    await page.fill("#contact", "first_name=Yui\ntags=a,b\nis_client=true")
    await page.fill("#events", "- {type: signup}\n- {after: 6d, type: unsubscribed}")
    await page.fill("#zone", "Asia/Tokyo")
    await page.click("text=Play it")
    await page.wait_for_url("**/rehearsals/*")
    assert "A worker plays it" in await page.inner_text("main")
    rehearsal_id = UUID(page.url.rsplit("/", 1)[1])
    async with services.db.transaction() as tx:
        row = await rehearsals.find(tx, rehearsal_id)
        assert row.given["contact"] == {"first_name": "Yui", "tags": ["a", "b"], "is_client": True}
        assert [one["type"] for one in row.given["events"]] == ["signup", "unsubscribed"]
        await rehearsals.finish(tx, rehearsal_id, calendar(key))
    await page.wait_for_selector("text=Played in 3.1 s")
    shown = await page.inner_text("main")
    assert "“<b>Hello</b>”" in shown
    assert "Not reached: demo nurture 2." in shown
    await looks_right(page, "rehearsal")


async def test_what_cannot_be_played_is_told_and_what_was_written_is_kept(marketing_person: Person, key: str) -> None:
    await marketing_person.opens(f"/sequences/{key}/rehearse")
    for field, value, words in (
        ("events", "- {after: soon, type: signup}", "is not a delay"),
        ("events", "type: signup", "is no list"),
        ("contact", "Ann", "is not a field of a person"),
        ("zone", "Mars/Olympus", "there is no timezone"),
        ("at", "tomorrow", "Invalid isoformat"),
    ):
        answer = await marketing_person.posts(f"/sequences/{key}/rehearse", **{field: value})
        assert (answer.status_code, words in answer.text, value in answer.text) == (422, True, True), value


async def test_why_it_could_not_be_played_is_shown(services: Services, marketing_person: Person, key: str) -> None:
    answer = await marketing_person.posts(f"/sequences/{key}/rehearse", contact="")
    place = answer.headers["location"]
    async with services.db.transaction() as tx:
        await rehearsals.finish(tx, UUID(place.rsplit("/", 1)[1]), None, "It took more than three minutes.")
    assert "It took more than three minutes." in await marketing_person.opens(place)


async def test_who_may_only_look_asks_for_none(viewing: Person, key: str) -> None:
    assert "/rehearse" not in await viewing.opens(f"/sequences/{key}")
    assert (await viewing.posts(f"/sequences/{key}/rehearse")).status_code == 403
