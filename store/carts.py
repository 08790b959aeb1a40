"""Checkouts that were started. Paid is terminal, whatever arrives later."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from store.base import at, json_list


class Cart(SQLModel, table=True):
    """A cart by the shop's own id. `state` is `open`, `paid`, `emptied` or `released`.

    `hold_until` is the real moment at which the held stock is released and the code ends. `started_at`
    is null for a cart that is known only by its payment.
    """

    __tablename__ = "carts"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    external_id: str = Field(unique=True)
    contact_id: UUID | None = Field(default=None, foreign_key="contacts.id", index=True)
    state: str = "open"
    items: list[Any] = json_list()
    total: str = ""
    currency: str = "USD"
    url: str = ""
    started_at: datetime | None = at()
    changed_at: datetime | None = at()
    hold_until: datetime | None = at()
    discount_code: str | None = None
    discount_percent: int | None = None

    @property
    def products(self) -> list[str]:
        """All that the shop calls what lies in it: keys, ids and names, whichever it tells."""
        lines = [line if isinstance(line, dict) else {"name": line} for line in self.items]
        named = (line.get(word) for line in lines for word in ("product", "key", "id", "sku", "name"))
        return list(dict.fromkeys(str(value) for value in named if value))
