"""The embedded payments: discount codes in a table, and a till of our own that takes test money."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from domain.errors import ProviderError
from providers.protocols import Checkout, LineItem, Till
from store.db import Database
from store.local import DiscountCode

# Without 0, O, 1, I and L: people type these.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH = 8


class LocalPayments:
    """Makes single-use codes, and lets funnels be tried without Stripe. Knows no sessions of Stripe's.

    Without `test_money` its till is shut: at a public address nobody would have to pay for anything.
    """

    name = "local"

    def __init__(self, db: Database, *, test_money: bool = True) -> None:
        self._db, self._test_money = db, test_money

    async def line_items(self, session_id: str) -> Sequence[LineItem]:
        """There are none here. Raises ProviderError: a session without products needs STRIPE_API_KEY."""
        message = f"set STRIPE_API_KEY so that the line items of {session_id[:20]} can be fetched"
        raise ProviderError("misconfigured", message, permanent=True)

    async def checkout(self, checkout: Checkout) -> Till:
        """`/till/{key}` of this installation, which says that no money moves and shows what the funnel asked for.

        Raises ProviderError where it is shut.
        """
        if not self._test_money:
            raise ProviderError("misconfigured", "set STRIPE_API_KEY so that payments can be taken", permanent=True)
        return Till(f"till_{checkout.key}", f"/till/{checkout.key}")

    async def discount_code(self, *, key: str, percent: int, expires_at: datetime) -> str:
        """The code of that key, made where there is none."""
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        row = insert(DiscountCode).values(key=key, code=code, percent=percent, expires_at=expires_at)
        async with self._db.transaction() as tx:
            await tx.execute(row.on_conflict_do_nothing(index_elements=[DiscountCode.key]))
            stored: str = (await tx.execute(select(DiscountCode.code).where(DiscountCode.key == key))).scalar_one()
            return stored

    async def aclose(self) -> None:
        """Nothing to close: the database is its owner's."""
