"""Files that come in pieces: what an upload's row does not hold itself. Each piece may come again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy import Column, LargeBinary, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col


class UploadPiece(SQLModel, table=True):
    """A piece of a file, deleted once the file was read. `upload_id` is the import's or the source upload's."""

    __tablename__ = "upload_pieces"

    upload_id: UUID = Field(primary_key=True)
    no: int = Field(primary_key=True)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


async def keep(tx: AsyncSession, upload_id: UUID, no: int, content: bytes) -> int:
    """How many bytes the file has more by this piece: none where the piece is there. Under the upload's lock."""
    if await tx.get(UploadPiece, (upload_id, no)) is not None:
        return 0
    tx.add(UploadPiece(upload_id=upload_id, no=no, content=content))
    return len(content)


async def pieces(tx: AsyncSession, upload_id: UUID) -> AsyncIterator[bytes]:
    """The file's bytes in order, a piece in memory at a time."""
    found = select(col(UploadPiece.content)).where(col(UploadPiece.upload_id) == upload_id)
    async for content in await tx.stream_scalars(found.order_by(col(UploadPiece.no))):
        yield content


async def forget(tx: AsyncSession, upload_id: UUID) -> None:
    """Drop the file: it was read, or never will be."""
    await tx.execute(delete(UploadPiece).where(col(UploadPiece.upload_id) == upload_id))
