"""Files and pages that are on their way to becoming sources: sent in pieces, then read by a worker."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Index, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from domain.errors import Conflict, Invalid, NotFound
from domain.events import Incoming
from domain.sources import MAX_BYTES, too_large
from store import inbox, uploads
from store.access import record
from store.assets import OURS
from store.base import at, created, now

ASKED: Final = "source_uploaded"
UPLOADING: Final = "uploading"
READING: Final = "reading"
READ: Final = "read"
REFUSED: Final = "refused"


class SourceUpload(SQLModel, table=True):
    """One file, or the page at `url`. `state` is `uploading`, `reading`, `read`, or `refused` with the `reason`."""

    __tablename__ = "source_uploads"
    __table_args__ = (Index(None, "created_at", "id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    filename: str = ""
    url: str = ""
    state: str = UPLOADING
    reason: str = ""
    size_bytes: int = 0
    source_id: UUID | None = Field(default=None, foreign_key="sources.id")
    created_by: str = ""
    created_at: datetime = created()
    ended_at: datetime | None = at()


async def begin(tx: AsyncSession, filename: str, by: str, *, url: str = "") -> SourceUpload:
    """A new one, which waits for its file; a page is read at once."""
    row = SourceUpload(filename=filename[:200], url=url[:2000], created_by=by)
    tx.add(row)
    await tx.flush()
    if url:
        await _ask(tx, row)
    return row


async def get(tx: AsyncSession, upload_id: UUID) -> SourceUpload:
    """The upload, locked until the end of the transaction. Raises NotFound."""
    found = select(SourceUpload).where(col(SourceUpload.id) == upload_id).with_for_update()
    row = (await tx.execute(found)).scalar_one_or_none()
    if row is None:
        raise NotFound("There is no such upload.")
    return row


async def receive(tx: AsyncSession, upload_id: UUID, no: int, content: bytes) -> None:
    """Keep a piece of the file; the same piece again changes nothing. Raises Conflict and Invalid."""
    row = await get(tx, upload_id)
    if row.state != UPLOADING:
        raise Conflict("This file was sent already. Begin another upload for another file.")
    row.size_bytes += await uploads.keep(tx, row.id, no, content)
    if row.size_bytes > MAX_BYTES:
        raise Invalid(too_large(row.size_bytes), "file")


async def read(tx: AsyncSession, upload_id: UUID) -> SourceUpload:
    """The file is whole: have it read. Raises Conflict and Invalid."""
    row = await get(tx, upload_id)
    if row.state != UPLOADING:
        raise Conflict("This file was sent already.")
    if not row.size_bytes:
        raise Invalid("The file is empty. Choose another one.", "file")
    await _ask(tx, row)
    return row


async def _ask(tx: AsyncSession, row: SourceUpload) -> None:
    row.state = READING
    word = f"{ASKED}:{row.id}"
    given = {"upload": str(row.id)}
    await inbox.append(
        tx, Incoming(type=ASKED, source=OURS, sender_id=word, entity=f"source-upload:{row.id}", payload=given)
    )
    record(tx, row.created_by, "source.uploaded", f"source-upload:{row.id}", filename=row.filename, url=row.url)


async def ended(tx: AsyncSession, upload_id: UUID, *, source_id: UUID | None = None, reason: str = "") -> None:
    """It was read, or refused for the reason; the pieces are not needed any more."""
    row = await get(tx, upload_id)
    row.state, row.source_id, row.reason, row.ended_at = READ if source_id else REFUSED, source_id, reason, now()
    await uploads.forget(tx, upload_id)


async def recent(tx: AsyncSession, count: int = 5) -> list[SourceUpload]:
    """The newest that have not become sources, or are about to."""
    found = select(SourceUpload).where(col(SourceUpload.state) != READ).order_by(col(SourceUpload.created_at).desc())
    return list((await tx.execute(found.limit(count))).scalars())
