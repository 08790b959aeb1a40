"""A file of people through the browser: read, looked at, imported, taken back."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page

from domain.marketing import Marketing
from store.access import Role
from store.db import Database
from tests.api.dashboard.people import Person, sign_in
from tests.core_kit import somebody
from tests.imports_kit import carry_out
from workflows.contact_import import Task


@pytest.fixture
async def page(chromium: Browser, site: str, users: dict[Role, str]) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = await context.new_page()
    await sign_in(opened, site, users["marketer"])
    yield opened
    await context.close()


async def sends(person: Person, content: str) -> httpx.Response:
    """The form with a file, as a browser without JavaScript sends it."""
    await person.opens("/imports")
    fields, files = {"csrf_token": person.token}, {"file": ("people.csv", content.encode())}
    origin = {"origin": "http://perennial.test"}
    return await person.client.post("/imports", data=fields, files=files, headers=origin)


async def carried(page: Page, db: Database, marketing: Marketing, task: Task) -> None:
    """What a worker does meanwhile; the page shows it by itself."""
    await carry_out(db, marketing, UUID(page.url.rsplit("/", 1)[1]), task)
    if task != "check":
        await page.wait_for_selector("#import:not([data-hx-get])")


async def test_a_large_file_is_sent_in_pieces_imported_and_taken_back(
    page: Page, site: str, services_db: Database, marketing: Marketing, tmp_path: Path
) -> None:
    """More than the size that one request may have."""
    file = tmp_path / "people.csv"
    notes = ",".join(["x" * 150] * 6)
    lines = [f"{somebody()},Ada,{notes}" for _ in range(1_200)]
    heads = ",".join(f"Note {number}" for number in range(6))
    file.write_text("\n".join([f"Email Address,First Name,{heads}", *lines, "=cmd|calc,Eve,,,,,,"]))
    assert file.stat().st_size > 1_000_000
    await page.goto(f"{site}/imports")
    await page.set_input_files("#file", file)
    await page.click("text=Read the file")
    await page.wait_for_url("**/imports/*-*")
    await carried(page, services_db, marketing, "check")
    await page.wait_for_selector("text=What would happen")
    figures = await page.inner_text("dl.figures")
    assert "1,201" in figures
    assert "1,200" in figures
    assert (await Axe().run(page, options={"resultTypes": ["violations"]})).violations_count == 0
    await page.fill("#tags", "moved")
    await page.click("text=Import them")
    await carried(page, services_db, marketing, "run")
    assert "1,200" in await page.inner_text("dl.figures")
    await page.click("text=Take it back")
    await carried(page, services_db, marketing, "undo")
    assert "1,200 rows were taken back" in await page.inner_text("#import")


async def test_a_small_file_needs_no_script_and_its_faults_come_as_a_file(
    marketing_person: Person, services_db: Database, marketing: Marketing
) -> None:
    content = f"email,first name\n{somebody()},Ada\n=1+1,Eve\n"
    answer = await sends(marketing_person, content)
    assert answer.status_code == 303
    path = answer.headers["location"]
    await carry_out(services_db, marketing, UUID(path.rsplit("/", 1)[1]), "check")
    assert "not an email address" in await marketing_person.opens(path)
    file = (await marketing_person.posts("/lists/import-errors/export", **{"import": path.rsplit("/", 1)[1]})).content
    rows = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))
    assert rows[0] == ["email", "first name", "Line of the file", "Problem of the line"]
    assert rows[1][:3] == ["'=1+1", "Eve", "3"]  # no formula to whoever opens it


async def test_a_viewer_sees_imports_and_can_begin_none(viewing: Person) -> None:
    assert "Read the file" not in await viewing.opens("/imports")
    answer = await sends(viewing, "email\nada@example.com\n")
    assert answer.status_code == 403


async def test_columns_that_cannot_be_are_refused_with_a_sentence(
    marketing_person: Person, services_db: Database, marketing: Marketing
) -> None:
    answer = await sends(marketing_person, "mail,name\na@example.com,Ada\n")
    path = answer.headers["location"]
    await carry_out(services_db, marketing, UUID(path.rsplit("/", 1)[1]), "check")
    again = await marketing_person.posts(f"{path}/check", **{"column-0": "first_name", "column-1": "first_name"})
    assert again.status_code == 422
    assert "Two columns are matched to First name" in again.text
