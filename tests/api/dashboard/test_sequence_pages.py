"""A sequence is edited in the browser: mistakes by line, what it would do, publishing, versions, progress."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page

from api.deps import Services
from configuration import sequence_text
from store import sequences
from store.access import Role
from store.changes import SequenceChange
from store.queries.changes import changes_of
from tests.api.dashboard.people import Person, sign_in, text_of
from tests.changes_kit import by_version, carry_out, enter, mails, publish, stand, unique
from tests.core_kit import World, marketing

WIDTHS = (390, 1280)


@pytest.fixture(scope="module")
def world(services: Services) -> World:
    return World(services.db, marketing())


@pytest.fixture
async def page(chromium: Browser, site: str, users: dict[Role, str]) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=True)
    opened = await context.new_page()
    await sign_in(opened, site, users["marketer"])
    yield opened
    await context.close()


async def peopled(world: World) -> str:
    """Five people: two of them have waited long enough by the version that comes."""
    key = unique()
    first = mails(key, demo_nurture_1="0d", demo_nurture_2="7d", demo_nurture_3="14d")
    await publish(world, first, "keep")
    people = await enter(world, first, 5)
    for email, day in zip(people, (1, 1, 2, 5, 6), strict=True):
        await stand(world, email, key, "demo_nurture_2", day=day, due=7)
    return key


async def newest(world: World, key: str) -> SequenceChange:
    async with world.db.transaction() as tx:
        return (await changes_of(tx, key))[0]


async def looks_right(page: Page, name: str) -> None:
    """Nothing for axe to find, and nothing wider than the screen, on a phone and a desk."""
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        result = await Axe().run(page, options={"resultTypes": ["violations"]})
        found = [f"{one['id']}: {one['nodes'][0]['html'][:150]}" for one in result.response["violations"]]
        assert found == [], (name, width)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)


async def test_a_change_is_written_looked_at_published_and_followed(page: Page, site: str, world: World) -> None:
    key = await peopled(world)
    await page.goto(f"{site}/sequences/{key}")
    await page.click("text=Edit")
    text = sequence_text(mails(key, demo_nurture_1="0d", demo_nurture_2="3d", demo_nurture_4="9d"))
    await page.fill("#text", text.replace("at: 3d", "at: soon"))
    await page.click("text=See what it would do")
    assert "'soon' is not a delay" in await page.inner_text("[role=alert]")
    assert "Line 9" in await page.inner_text("[role=alert]")
    await looks_right(page, "edit")
    await page.fill("#text", text)
    await page.click("text=See what it would do")
    await page.wait_for_url(f"**/sequences/{key}/draft")
    shown = await page.inner_text("main")
    assert "5 people go on in the new version; 2 people have waited long enough by it" in shown
    assert "at: 3d" in shown
    await looks_right(page, "draft")
    await page.check("input[value=move]")
    await page.click("button:text-is('Publish')")
    await page.wait_for_url("**/changes/*")
    assert "0 of 5 have moved" in await page.inner_text("main")
    await carry_out(world, (await newest(world, key)).id)
    await page.wait_for_selector("text=5 of 5 have moved")
    await looks_right(page, "change")
    assert await by_version(world, key) == {(2, "running"): 5}
    await page.goto(f"{site}/sequences/{key}/versions")
    await looks_right(page, "versions")
    await page.click("text=Version 1")
    await page.wait_for_url("**/versions/1")
    await looks_right(page, "version")
    await page.click("button:text-is('Bring it back')")
    await page.wait_for_url("**/changes/*")
    assert "5 people go on by the version that they began with" in await page.inner_text("main")


async def test_who_may_only_look_sees_no_editor_and_publishes_nothing(viewing: Person, world: World) -> None:
    key = await peopled(world)
    assert "/edit" not in await viewing.opens(f"/sequences/{key}")
    assert (await viewing.client.get(f"/sequences/{key}/edit")).status_code == 403
    origin, token = {"origin": "http://perennial.test"}, {"csrf_token": viewing.token}
    for path in ("edit", "publish", "discard", "versions/1/restore"):
        answer = await viewing.client.post(f"/sequences/{key}/{path}", data=token, headers=origin)
        assert answer.status_code == 403, path


async def test_a_draft_is_kept_thrown_away_and_never_published_over_another_version(
    marketing_person: Person, world: World
) -> None:
    key = await peopled(world)
    text = sequence_text(mails(key, demo_nurture_1="0d"))
    assert (await marketing_person.posts(f"/sequences/{key}/edit", text=text)).status_code == 303
    assert "Somebody is writing" in await marketing_person.opens(f"/sequences/{key}")
    await publish(world, mails(key, demo_nurture_2="0d"), "keep")
    assert (await marketing_person.client.get(f"/sequences/{key}/draft")).status_code == 404
    await marketing_person.posts(f"/sequences/{key}/edit", text=text)
    late = await marketing_person.posts(f"/sequences/{key}/publish", running="move", base="1")
    assert (late.status_code, "was published in the meantime" in late.text) == (409, True)
    assert (await marketing_person.posts(f"/sequences/{key}/discard")).status_code == 303
    assert (await marketing_person.client.get(f"/sequences/{key}/draft")).status_code == 404


async def test_a_file_that_differs_from_what_was_published_by_hand_is_shown(viewing: Person, world: World) -> None:
    key = unique()
    for definition in (mails(key, demo_nurture_1="0d"), mails(key, demo_nurture_3="0d")):
        async with world.db.transaction() as tx:
            await sequences.publish(tx, [definition])
        if definition.steps[0].key == "demo_nurture_1":
            await publish(world, mails(key, demo_nurture_2="0d"), "keep")
    shown = text_of(await viewing.opens(f"/sequences/{key}"))
    assert (
        "Version 2 was published by hand. The file in the configuration holds version 3 , which is not live." in shown
    )
    assert "demo_nurture_3" in await viewing.opens(f"/sequences/{key}/versions/3")


async def test_a_new_sequence_is_written(marketing_person: Person) -> None:
    key = unique()
    text = sequence_text(mails(key, demo_nurture_1="0d"))
    sent = await marketing_person.posts("/sequences/-/new", text=text)
    assert sent.headers["location"] == f"/sequences/{key}/draft"
    assert (await marketing_person.posts(f"/sequences/{key}/publish", base="0")).status_code == 303
    assert (await marketing_person.posts("/sequences/-/new", text=text)).status_code == 422, "it is there already"
    other = await marketing_person.posts(f"/sequences/{key}/edit", text=text.replace(key, f"{key}_x"))
    assert (other.status_code, "another key is another sequence" in other.text) == (422, True)


async def test_words_in_a_definition_are_words(marketing_person: Person) -> None:
    text = (
        "sequence: x\nname: <img src=x onerror=alert(1)>\nentry: {event: signup}\nsteps: [{email: '</textarea><b>'}]\n"
    )
    shown = (await marketing_person.posts("/sequences/-/new", text=text)).text
    assert "<img src=x" not in shown
    assert "</textarea><b>" not in shown
