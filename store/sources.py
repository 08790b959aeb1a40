"""What the team has already written, read once and kept as chapters: everything that is made from it follows these."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from domain.errors import NotFound
from domain.sources import Document
from store.access import record
from store.base import created, json_list


class Source(SQLModel, table=True):
    """One source. `digest` is of its words: the same text is never kept twice.

    `chapters` are those of `domain.sources`; `name` is the file's name or the page's address.
    """

    __tablename__ = "sources"
    __table_args__ = (Index(None, "created_at", "id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    digest: str = Field(unique=True)
    name: str
    format: str
    title: str
    author: str = ""
    language: str = ""
    words: int
    chapters: list[Any] = json_list()
    created_by: str = ""
    created_at: datetime = created()

    @property
    def document(self) -> Document:
        """What was read."""
        return Document.model_validate(self.model_dump(include={"format", "title", "author", "language", "chapters"}))


async def keep(tx: AsyncSession, name: str, document: Document, by: str) -> tuple[Source, bool]:
    """Keep it, and whether it is new: the same words again are the source that there is."""
    chapters = [chapter.model_dump(mode="json") for chapter in document.chapters]
    digest = hashlib.sha256(document.model_dump_json(include={"chapters"}).encode()).hexdigest()
    known = (await tx.execute(select(Source).where(Source.digest == digest))).scalar_one_or_none()
    if known is not None:
        return known, False
    row = Source(
        digest=digest,
        name=name,
        format=document.format,
        title=document.title,
        author=document.author,
        language=document.language,
        words=document.words,
        chapters=chapters,
        created_by=by,
    )
    tx.add(row)
    await tx.flush()
    record(tx, by, "source.added", f"source:{row.id}", title=row.title, words=row.words)
    return row, True


async def get(tx: AsyncSession, source_id: UUID) -> Source:
    """The source of that id. Raises NotFound."""
    row = await tx.get(Source, source_id)
    if row is None:
        raise NotFound("There is no source with this id.")
    return row
