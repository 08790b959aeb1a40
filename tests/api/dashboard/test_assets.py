"""The page of assets: one is asked for by a form, and what the month cost stands above."""

from __future__ import annotations

from uuid import uuid4

from domain.sources import Block, Chapter, Document
from store import sources
from tests.api.dashboard.people import Person
from tests.api.dashboard.town import Town


async def test_one_is_asked_for_and_listed(town: Town, marketing_person: Person, viewing: Person) -> None:
    title = f"Thrift {uuid4()}"
    words = [Block(kind="paragraph", text="Waste nothing.")]
    async with town.services.db.transaction() as tx:
        document = Document(format="markdown", title=title, chapters=[Chapter(title="I", blocks=words)])
        row, _ = await sources.keep(tx, "thrift.md", document, "test")
    page = await marketing_person.opens("/assets")
    assert "there is no cap" in page
    assert f'<option value="{row.id}">{title}</option>' in page
    answer = await marketing_person.posts("/assets", kind="checklist", source=str(row.id))
    assert (answer.status_code, answer.headers["location"]) == (303, "/assets")
    page = await viewing.opens("/assets")
    assert f"{title}: checklist" in page
    assert "<form" not in page.split("<main")[1].split("Assets</caption>")[0]


async def test_what_cannot_be_made_is_said_and_the_choice_stays(marketing_person: Person) -> None:
    answer = await marketing_person.posts("/assets", kind="checklist", product="walden")
    assert answer.status_code == 422
    assert "A checklist is made from a text: name a source." in answer.text
    assert '<option value="walden" selected>' in answer.text
    assert (await marketing_person.posts("/assets", kind="checklist", source="x")).status_code == 422
