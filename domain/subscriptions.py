"""Where a subscription stands, from what was said of it, and what that ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

Phase = Literal["", "renewing", "ending", "lapsed"]
# https://docs.stripe.com/api/subscriptions/object#subscription_object-status
LIVING: Final = frozenset({"active", "trialing", "past_due"})
OVER: Final = frozenset({"canceled", "unpaid"})
# What each phase is told as, once it begins.
TOLD_AS: Final[Mapping[str, str]] = {
    "renewing": "subscription_renewing",
    "ending": "subscription_ending",
    "lapsed": "subscription_lapsed",
}
Said = dict[str, list[Any]]


def hear(said: Said, given: Mapping[str, Any], *, final: bool, at: str, word: str) -> Said:
    """Each field with what was said of it last: `[final, at, word, value]`.

    `at` is when it was so (ISO, UTC, in microseconds); the sender's own `word` decides between two of the same second,
    so that any order of arrival ends the same. After what is `final` nothing else counts.
    """
    mark = [final, at, word]
    return {**said, **{name: [*mark, value] for name, value in given.items() if said.get(name, [])[:3] < mark}}


def phase_of(status: str, *, ends: bool) -> Phase:
    """`renewing` and `ending` are alive, `lapsed` is not any more; an unfinished or unknown one is nothing yet."""
    if status in OVER:
        return "lapsed"
    if status in LIVING:
        return "ending" if ends else "renewing"
    return ""


@dataclass(frozen=True, slots=True)
class Account:
    """What ends a journey about a subscription: its phase, its payments, and whether the person has another one."""

    phase: str
    failed_at: datetime | None
    paid_at: datetime | None
    another: bool


def over(began: str, account: Account) -> str | None:
    """Why a journey that `began` with an event of that type has nothing left to do; None where it goes on.

    A failure that came after a payment counts; a payment of the same moment or later settles it.
    """
    if began == "payment_failed":
        paid = account.paid_at is not None and (account.failed_at is None or account.paid_at >= account.failed_at)
        if paid:
            return "invoice_paid"
        return "subscription_lapsed" if account.phase == "lapsed" else None
    if began == "subscription_lapsed":
        return "subscription_renewed" if account.another or account.phase in {"renewing", "ending"} else None
    if began == "subscription_ending":
        return {"renewing": "subscription_renewed", "lapsed": "subscription_lapsed"}.get(account.phase)
    if began == "subscription_renewing":
        return {"ending": "subscription_ending", "lapsed": "subscription_lapsed"}.get(account.phase)
    return None
