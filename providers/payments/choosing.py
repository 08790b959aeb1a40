"""Which payment processor an installation has: Stripe where it has a key of theirs, else the embedded one."""

from __future__ import annotations

import httpx

from providers.payments.local import LocalPayments
from providers.payments.stripe import API, Stripe
from store.db import Database


def chosen(
    db: Database, client: httpx.AsyncClient, *, api_key: str, salt: str, base_url: str = API, test_money: bool = True
) -> Stripe | LocalPayments:
    """Codes are derived from a cart's id: with our own secret as `salt` nobody can work them out.

    `test_money`: whether the embedded one lets things be bought without a payment.
    """
    return (
        Stripe(client, api_key, salt=salt, base_url=base_url) if api_key else LocalPayments(db, test_money=test_money)
    )
