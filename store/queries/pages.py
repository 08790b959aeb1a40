"""Keyset pages: a cursor names the last row that was seen, so that new rows never shift what comes next."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import Select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import Invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_CURSOR_CHARS = 300
_NOT_OURS = "This is not a cursor that we gave."

T = TypeVar("T")
R = TypeVar("R")


class Page(BaseModel, Generic[T]):
    """Some items, and the cursor of the next page: null on the last one."""

    items: list[T]
    next: str | None = Field(default=None, description="Pass it as `cursor` to get the next page.")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of the last row: its moment and its id."""

    at: datetime
    id: str

    def encode(self) -> str:
        """As an opaque text for URLs."""
        return base64.urlsafe_b64encode(json.dumps([self.at.isoformat(), self.id]).encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """Raises Invalid for what `encode` did not make."""
        try:
            at, row = json.loads(base64.urlsafe_b64decode(text[:MAX_CURSOR_CHARS] + "=" * (-len(text) % 4)))
            moment = datetime.fromisoformat(at)
        except (ValueError, TypeError, RecursionError):
            raise Invalid(_NOT_OURS, "cursor") from None
        if moment.tzinfo is None or not isinstance(row, str) or "\x00" in row:
            raise Invalid(_NOT_OURS, "cursor")
        return cls(moment, row)

    @property
    def uuid(self) -> UUID:
        """The id of a table whose ids are UUIDs. Raises Invalid."""
        try:
            return UUID(self.id)
        except ValueError:
            raise Invalid("This is not a cursor of this list.", "cursor") from None


async def newest_first(
    tx: AsyncSession,
    statement: Select[R],
    at: Any,  # noqa: ANN401 - a column of SQLModel
    row_id: Any,  # noqa: ANN401 - a column of SQLModel
    *,
    cursor: str | None,
    limit: int,
    key: type[UUID | str] = UUID,
) -> tuple[list[R], str | None]:
    """The page of rows after `cursor`, by `at` and then `row_id` (of the type `key`) falling; and the next cursor."""
    if cursor:
        place = Cursor.decode(cursor)
        statement = statement.where(tuple_(at, row_id) < (place.at, place.uuid if key is UUID else place.id))
    ordered = statement.order_by(at.desc(), row_id.desc()).limit(limit + 1)
    rows = list((await tx.execute(ordered)).scalars())
    return cut(rows, limit, lambda row: Cursor(getattr(row, at.key), str(getattr(row, row_id.key))))


def cut(rows: list[R], limit: int, place: Callable[[R], Cursor]) -> tuple[list[R], str | None]:
    """`rows` without the one too many that was read to see whether there is a next page, and its cursor."""
    kept = rows[:limit]
    return kept, place(kept[-1]).encode() if len(rows) > limit else None
