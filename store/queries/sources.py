"""Sources as they are read: what there is, and the chapters of one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from domain.sources import Chapter
from store.queries.pages import Page, newest_first
from store.sources import Source, get


class SourceSummary(BaseModel):
    """One line of the list."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str = Field(examples=["The Field Guide to Quiet Systems"])
    author: str
    format: str = Field(examples=["epub"])
    language: str
    words: int
    name: str = Field(description="The file's name, or the page's address.")
    created_by: str
    created_at: datetime


class SourceView(SourceSummary):
    """A source with its text."""

    chapters: list[Chapter]


async def list_sources(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[SourceSummary]:
    """The newest first, without their text."""
    found = select(Source).options(defer(Source.chapters))
    rows, following = await newest_first(tx, found, Source.created_at, Source.id, cursor=cursor, limit=limit)
    return Page(items=[SourceSummary.model_validate(row) for row in rows], next=following)


async def source_view(tx: AsyncSession, source_id: UUID) -> SourceView:
    """One with its chapters. Raises NotFound."""
    return SourceView.model_validate(await get(tx, source_id))
