"""The pages about webinars: made, moved, canceled, and who came."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page
from sqlalchemy import update
from sqlmodel import col

from store.access import Role
from store.base import now
from store.db import Database
from store.webinars import Webinar
from tests.api.dashboard.people import Person, sign_in
from tests.core_kit import somebody

LATER = f"{now() + timedelta(days=9):%Y-%m-%dT%H:%M}"
FIELDS = {"title": "Quiet <nights>", "starts_at": LATER, "minutes": "45", "zone": "Europe/Berlin"}


async def made(person: Person, **changes: str) -> str:
    await person.opens("/webinars")
    answer = await person.posts("/webinars", **(FIELDS | changes))
    assert answer.status_code == 303, answer.text
    found = re.fullmatch(r"/webinars/(WB\d+)/manage", answer.headers["location"])
    assert found is not None
    return found[1]


async def test_a_webinar_is_made_moved_and_canceled_on_its_page(marketing_person: Person) -> None:
    code = await made(marketing_person)
    page = await marketing_person.opens(f"/webinars/{code}/manage")
    assert "Quiet &lt;nights&gt;" in page
    assert f'value="{LATER}"' in page
    revision = re.search(r'name="revision" value="(\d+)"', page)
    assert revision is not None
    later = FIELDS | {"starts_at": f"{now() + timedelta(days=12):%Y-%m-%dT%H:%M}", "revision": revision[1]}
    assert (await marketing_person.posts(f"/webinars/{code}/manage", **later)).status_code == 303
    stale = await marketing_person.posts(f"/webinars/{code}/manage", **later)
    assert (stale.status_code, "Somebody changed this webinar meanwhile" in stale.text) == (409, True)
    assert (await marketing_person.posts(f"/webinars/{code}/cancel")).status_code == 303
    assert "canceled" in await marketing_person.opens(f"/webinars/{code}/manage")


async def test_what_is_wrong_stands_above_the_form_with_what_was_written(marketing_person: Person) -> None:
    await marketing_person.opens("/webinars")
    answer = await marketing_person.posts("/webinars", **(FIELDS | {"zone": "Mars"}))
    assert answer.status_code == 422
    assert "This is no time zone" in answer.text
    assert "Quiet &lt;nights&gt;" in answer.text


async def test_a_list_of_who_came_shows_the_rows_that_say_nothing_and_the_export_who_did(
    marketing_person: Person, services_db: Database
) -> None:
    code, email = await made(marketing_person), somebody()
    assert (await marketing_person.client.post(f"/webinars/{code}", data={"email": email})).status_code == 303
    async with services_db.transaction() as tx:
        past = update(Webinar).where(col(Webinar.code) == code).values(starts_at=now() - timedelta(hours=1))
        await tx.execute(past)
    await marketing_person.opens(f"/webinars/{code}/manage")
    answer = await marketing_person.client.post(
        f"/webinars/{code}/attendance",
        data={"csrf_token": marketing_person.token},
        files={"file": ("came.csv", f"Email\n{email}\nstranger@example.com\n".encode())},
        headers={"origin": "http://perennial.test"},
    )
    assert answer.status_code == 200
    assert "1 person of the registered came" in answer.text
    assert "Nobody registered with this address." in answer.text
    exported = await marketing_person.posts("/lists/registrations/export", code=code)
    assert f"{email},,,," in exported.text


async def test_a_viewer_sees_webinars_and_changes_none(viewing: Person, marketing_person: Person) -> None:
    code = await made(marketing_person)
    assert "Make a webinar" not in await viewing.opens("/webinars")
    assert "Cancel the webinar" not in await viewing.opens(f"/webinars/{code}/manage")
    assert (await viewing.posts(f"/webinars/{code}/cancel")).status_code == 403


@pytest.fixture
async def page(chromium: Browser, site: str, users: dict[Role, str]) -> Page:
    context = await chromium.new_context(viewport={"width": 390, "height": 844})
    opened = await context.new_page()
    await sign_in(opened, site, users["marketer"])
    return opened


async def test_the_pages_fit_a_phone(page: Page, site: str, marketing_person: Person) -> None:
    code = await made(marketing_person, title="Quiet nights on call for everybody who carries a pager " * 3)
    for _ in range(3):
        await marketing_person.client.post(f"/webinars/{code}", data={"email": somebody(), "company": "Hill " * 20})
    for path in ("/webinars", f"/webinars/{code}/manage", f"/webinars/{code}"):
        await page.goto(f"{site}{path}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, path
