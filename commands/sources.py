"""`perennial sources`: what has been written already, taken in from files and pages."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from commands.installation import OPERATOR, in_transaction
from domain.errors import Invalid
from domain.sources import Document
from providers.reading import read
from providers.reading.fetching import fetch
from providers.webhooks import public_client
from store.queries.pages import MAX_LIMIT
from store.queries.sources import list_sources, source_view
from store.sources import keep

_WEB = re.compile(r"https?://", re.IGNORECASE)

sources = typer.Typer(help="Books, articles and pages that things are made from.", no_args_is_help=True)


@sources.command("add")
def add(place: Annotated[str, typer.Argument(metavar="FILE|URL", help="Markdown, HTML, EPUB, PDF, or a page")]) -> None:
    """Read it to chapters and keep it. The same words again are the source that there is."""
    if not _WEB.match(place) and not Path(place).is_file():
        message = f"There is no file {place}."
        raise Invalid(message, "file")
    document = asyncio.run(_read(place))
    name = place if _WEB.match(place) else Path(place).name
    row, new = in_transaction(lambda tx: keep(tx, name, document, OPERATOR))
    by = f" by {row.author}" if row.author else ""
    print(f"{'Added' if new else 'Known already'}: {row.title}{by}, {len(row.chapters)} chapters, {row.words:,} words")
    print(row.id)


async def _read(place: str) -> Document:
    if not _WEB.match(place):
        return await read(Path(place), Path(place).name)
    with tempfile.TemporaryDirectory(prefix="perennial-source-") as folder:
        file = Path(folder, "page")
        async with public_client() as client:
            found = await fetch(client, place, file)
        return await read(file, found.rpartition("/")[2] or "page", found)


@sources.command("list")
def listed() -> None:
    """What there is, the newest first."""
    for row in in_transaction(lambda tx: list_sources(tx, cursor=None, limit=MAX_LIMIT)).items:
        print(f"{row.id}  {row.format:8}  {row.words:>9,} words  {row.title}")


@sources.command("show")
def show(source_id: UUID) -> None:
    """Its chapters, with how long each is and how it begins."""
    found = in_transaction(lambda tx: source_view(tx, source_id))
    print(f"{found.title}\n{found.author or 'author not known'}, {found.words:,} words, from {found.name}")
    for number, chapter in enumerate(found.chapters, 1):
        begins = next((block.text for block in chapter.blocks if block.text), "")
        print(f"{number:>3}. {chapter.title} ({chapter.words:,} words): {begins[:60]}")
