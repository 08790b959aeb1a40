"""The pages of sources: what was read, to be looked at."""

from __future__ import annotations

from domain.sources import Block, Chapter, Document
from store.source_uploads import recent
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


async def test_a_file_is_sent_from_the_browser_whole_or_in_pieces(town: Town, marketing_person: Person) -> None:
    text = b"# Quiet\n\n" + b"An alert that nobody owns is noise. " * 20
    client, token = marketing_person.client, {"x-csrf-token": marketing_person.token, "origin": "http://perennial.test"}
    answer = await client.post("/sources/uploads", files={"file": ("quiet.md", text)}, headers=token)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sources")
    assert "quiet.md" in await marketing_person.opens("/sources")
    script = token | {"accept": "application/json"}
    begun = await client.post("/sources/uploads", data={"filename": "two.md"}, headers=script)
    place = f"/sources/uploads/{begun.json()['id']}"
    for no in range(2):
        assert (await client.post(f"{place}/pieces/{no}", content=text, headers=script)).status_code == 204
    assert (await client.post(f"{place}/read", headers=script)).status_code == 303
    async with town.services.db.transaction() as tx:
        found = {one.filename: (one.size_bytes, one.state) for one in await recent(tx)}
    assert found == {"quiet.md": (len(text), "reading"), "two.md": (2 * len(text), "reading")}


async def test_nothing_and_half_an_address_are_refused_with_what_to_do(marketing_person: Person) -> None:
    for url in ("", "example.com/article"):
        answer = await marketing_person.posts("/sources/uploads", url=url)
        assert answer.status_code == 422
        assert "address" in answer.text


async def test_a_viewer_adds_no_source(viewing: Person) -> None:
    assert (await viewing.posts("/sources/uploads", url="https://example.com")).status_code == 403
