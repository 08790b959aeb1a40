"""Recognising what is not kept: digests that tell nothing to whoever has the database alone."""

from __future__ import annotations

import hmac
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from store.db import SECRET


def digest(tx: AsyncSession, kind: str, value: object) -> str:
    """HMAC-SHA-256 (hex) under the installation's secret, the same for the same kind and value.

    With another secret nothing that was remembered is recognised any more.
    """
    secret: str = tx.info[SECRET]
    return hmac.new(f"perennial.erased:{secret}".encode(), f"{kind}\x1f{value}".encode(), "sha256").hexdigest()


def derived(tx: AsyncSession, kind: str, value: object) -> UUID:
    """An id that follows from a value and leads back to it for nobody."""
    return UUID(digest(tx, kind, value)[:32])
