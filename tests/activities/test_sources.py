"""A file that was sent in pieces, or a page, becomes a source or says why not."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest
from temporalio.testing import ActivityEnvironment

from activities.sources import SourceActivities
from domain.errors import Conflict, Invalid
from domain.sources import MAX_BYTES
from providers.webhooks import public_client
from store import source_uploads, sources, uploads
from store.db import Database
from store.source_uploads import SourceUpload
from tests.books.kit import EPUB
from workflows.source_reading import SourceReadingInput, SourceReadingResult

PIECE = 64 * 1024
LINE = "<p>An alert that nobody owns is noise.</p>"
PAGE = f"<html><head><title>Quiet</title></head><body><article><h1>Quiet</h1>{LINE * 30}"


async def sent(db: Database, name: str, content: bytes) -> UUID:
    async with db.transaction() as tx:
        row = await source_uploads.begin(tx, name, "user:1")
    for no, start in enumerate(range(0, len(content), PIECE)):
        for _ in range(2):  # a piece may come twice
            async with db.transaction() as tx:
                await source_uploads.receive(tx, row.id, no, content[start : start + PIECE])
    async with db.transaction() as tx:
        await source_uploads.read(tx, row.id)
    return row.id


async def read(db: Database, upload_id: UUID, client: httpx.AsyncClient | None = None) -> SourceUpload:
    async with client or public_client() as using:
        doing = SourceActivities(db, using)
        answer = await ActivityEnvironment().run(doing.read, SourceReadingInput(upload_id=upload_id))
    async with db.transaction() as tx:
        row = await source_uploads.get(tx, upload_id)
        left = [piece async for piece in uploads.pieces(tx, upload_id)]
    assert answer == SourceReadingResult(state=row.state)
    assert left == [], "what was read is not kept twice"
    return row


async def test_a_book_that_came_in_pieces_is_read_whole(db: Database) -> None:
    row = await read(db, await sent(db, "franklin.epub", EPUB.read_bytes()))
    assert row.state == "read"
    async with db.transaction() as tx:
        found = await sources.get(tx, row.source_id or UUID(int=0))
    assert (found.title, found.name, len(found.chapters)) == (
        "The Autobiography of Benjamin Franklin",
        "franklin.epub",
        21,
    )


async def test_what_cannot_be_read_says_what_to_do(db: Database) -> None:
    row = await read(db, await sent(db, "broken.epub", EPUB.read_bytes()[:5_000]))
    assert (row.state, row.source_id) == ("refused", None)
    assert "it ends too early" in row.reason


async def test_a_page_is_read_from_its_address(db: Database) -> None:
    client = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, html=PAGE)), base_url="https://quiet.example"
    )
    async with db.transaction() as tx:
        row = await source_uploads.begin(tx, "", "user:1", url="https://quiet.example/quiet")
    assert (await read(db, row.id, client)).state == "read"


async def test_an_address_inside_our_network_is_refused(db: Database) -> None:
    async with db.transaction() as tx:
        row = await source_uploads.begin(tx, "", "user:1", url="http://127.0.0.1:5432/")
    assert "inside our own network" in (await read(db, row.id)).reason


async def test_an_empty_file_and_one_of_200_mb_are_refused_before_they_are_read(db: Database) -> None:
    async with db.transaction() as tx:
        row = await source_uploads.begin(tx, "large.pdf", "user:1")
        with pytest.raises(Invalid, match="empty"):
            await source_uploads.read(tx, row.id)
        row.size_bytes = MAX_BYTES * 2 - 1
        with pytest.raises(Invalid, match="200 MB; at most 100 are read"):
            await source_uploads.receive(tx, row.id, 0, b"x")


async def test_a_file_is_sent_once(db: Database) -> None:
    upload_id = await sent(db, "quiet.md", b"# Quiet\n" + b"An alert that nobody owns is noise. " * 20)
    async with db.transaction() as tx:
        with pytest.raises(Conflict, match="already"):
            await source_uploads.receive(tx, upload_id, 9, b"more")
