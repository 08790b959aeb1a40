"""Erasing a person: what they may do afterwards that makes them somebody again, and what vendors say of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from domain.events import Incoming

# The event that asks for it, and the reason by which everything of the person ends.
ERASED: Final = "erased"
# What people do themselves, beside filling in a form.
_OWN_ACTS: Final = frozenset(
    {"signup", "lead_captured", "webinar_registered", "demo_booked", "checkout_started", "purchase_completed"}
)
# A vendor's answer as the proof keeps it: the record is gone, or was never there.
DONE: Final = "done"


def comes_back(told: Incoming, erased_at: datetime) -> bool:
    """Whether a person who was erased did this themselves, afterwards: from then on they are somebody new.

    What others say of them (a list, a mail provider, a vendor that is late) brings nothing back.
    """
    own = told.source.startswith("form:") or told.type in _OWN_ACTS
    return own and not told.client_side and (told.occurred_at or datetime.now(UTC)) > erased_at


def refused(code: str) -> str:
    """A vendor's no as the proof keeps it."""
    return f"refused: {code}"
