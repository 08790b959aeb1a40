"""`perennial sources`, run as a person runs it; and what the API and the dashboard show of it."""

from __future__ import annotations

from pathlib import Path

from store.db import Database
from store.queries.sources import list_sources, source_view
from tests.books.kit import EPUB
from tests.test_cli import perennial


async def test_a_book_is_added_once_listed_and_shown(db: Database, database_url: str, tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = perennial("sources", *arguments, folder=tmp_path, DATABASE_URL=database_url)
        return done.returncode, done.stdout + done.stderr

    status, said = run("add", str(EPUB))
    assert status == 0, said
    first, source_id = said.splitlines()
    assert first == "Added: The Autobiography of Benjamin Franklin by Benjamin Franklin, 21 chapters, 64,355 words"
    assert run("add", str(EPUB))[1].startswith("Known already: The Autobiography")
    assert f"{source_id}  epub" in run("list")[1]
    assert " 11. IX: Plan for Attaining Moral Perfection" in run("show", source_id)[1]
    assert run("add", "missing.pdf") == (1, "There is no file missing.pdf.\n")
    async with db.transaction() as tx:
        listed = (await list_sources(tx, cursor=None, limit=10)).items
        assert [str(one.id) for one in listed] == [source_id]
        assert len((await source_view(tx, listed[0].id)).chapters) == 21
