"""The pages of sources: what was read, to be looked at."""

from __future__ import annotations

from domain.sources import Block, Chapter, Document
from store.sources import keep
from tests.api.dashboard.people import Person
from tests.api.dashboard.town import Town

WORDS = [
    Block(kind="paragraph", text="An alert <b>nobody</b> owns."),
    Block(kind="list", items=["Name an owner.", "Or delete it."]),
    Block(kind="quote", text="Sleep is a feature."),
]


async def test_a_source_is_listed_and_its_chapters_can_be_read(town: Town, viewing: Person) -> None:
    document = Document(
        format="epub", title="Quiet & Co", author="Mira", chapters=[Chapter(title="Owners", blocks=WORDS)]
    )
    async with town.services.db.transaction() as tx:
        row, new = await keep(tx, "quiet.epub", document, "operator")
        assert new
    assert f'href="/sources/{row.id}"' in await viewing.opens("/sources")
    page = await viewing.opens(f"/sources/{row.id}")
    assert "An alert &lt;b&gt;nobody&lt;/b&gt; owns." in page
    assert "<li>Or delete it.</li>" in page
    assert "<blockquote>Sleep is a feature.</blockquote>" in page


async def test_a_source_that_is_not_there_is_said_so(viewing: Person) -> None:
    await viewing.opens("/sources/11111111-2222-4333-8444-555555555555", status=404)
