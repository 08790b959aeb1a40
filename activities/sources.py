"""Reading what people upload, or name by its address, to a source."""

from __future__ import annotations

import tempfile
from pathlib import Path

import httpx
from temporalio import activity

from activities.beating import beating
from domain import names
from domain.errors import Invalid
from domain.sources import Document
from providers.reading import read
from providers.reading.fetching import fetch
from store import source_uploads, sources, uploads
from store.db import Database
from store.source_uploads import SourceUpload
from workflows.source_reading import SourceReadingInput, SourceReadingResult


class SourceActivities:
    """`client` reaches public addresses only: what people name is not to be a way into the network."""

    def __init__(self, db: Database, client: httpx.AsyncClient) -> None:
        self._db = db
        self._client = client

    @activity.defn(name=names.SOURCE_READ)
    async def read(self, given: SourceReadingInput) -> SourceReadingResult:
        """Keep it as a source, or say why not. Raises ProviderError while a page cannot be reached."""
        async with self._db.transaction() as tx:
            row = await source_uploads.get(tx, given.upload_id)
        if row.state != source_uploads.READING:
            return SourceReadingResult(state=row.state)
        try:
            async with beating():
                name, document = await self._document(row)
        except Invalid as error:
            async with self._db.transaction() as tx:
                await source_uploads.ended(tx, row.id, reason=str(error))
            return SourceReadingResult(state=source_uploads.REFUSED)
        async with self._db.transaction() as tx:
            source, _ = await sources.keep(tx, name, document, row.created_by)
            await source_uploads.ended(tx, row.id, source_id=source.id)
        return SourceReadingResult(state=source_uploads.READ)

    async def _document(self, row: SourceUpload) -> tuple[str, Document]:
        with tempfile.TemporaryDirectory(prefix="perennial-source-") as folder:
            file = Path(folder, "file")
            if row.url:
                found = await fetch(self._client, row.url, file)
                return row.url, await read(file, found.rpartition("/")[2] or "page", found)
            await self._written(row, file)
            return row.filename, await read(file, row.filename)

    async def _written(self, row: SourceUpload, file: Path) -> None:
        async with self._db.transaction() as tx:
            with file.open("wb") as out:
                async for content in uploads.pieces(tx, row.id):
                    out.write(content)
