"""What a mail may speak of: plain values for its template, read under the contact's lock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.marketing import Marketing
from domain.sequences import Sequence, Step
from store.contacts import Contact
from store.contexts import SUBJECTS, Asked, Context
from store.journeys import Journey

# The words that a template speaks, by its name.
Spoken = Callable[[str], frozenset[str]]
# Has the template of that name at hand before its words are asked for.
Prepare = Callable[[AsyncSession, str], Awaitable[None]]


class Contexts:
    """Builds the context of one message from the subjects that are about it."""

    def __init__(self, marketing: Marketing, clock: Clock, spoken: Spoken | None = None) -> None:
        self.marketing, self.clock, self._spoken = marketing, clock, spoken
        self._brand = marketing.brand.model_dump(mode="json")

    async def build(
        self, tx: AsyncSession, journey: Journey, definition: Sequence, step: Step, contact: Contact
    ) -> tuple[Context, str | None]:
        """The values, and the reason for which nothing should be sent (all was refunded), if any."""
        context: Context = {
            "brand": self._brand,
            "contact": {"first_name": contact.first_name, "email": contact.email, "company": contact.company},
            "virtual_day": step.at.days,
        }
        asked = Asked(tx, self.marketing, self.clock, journey, definition, step, contact)
        unmet = None
        for subject in SUBJECTS:
            if subject.of(definition) and self._speaks(step, subject.words):
                unmet = await subject.fill(asked, context) or unmet
        return context, unmet

    def _speaks(self, step: Step, words: frozenset[str]) -> bool:
        """Whether the step's template speaks of it."""
        if not words:
            return True
        return self._spoken is not None and not words.isdisjoint(self._spoken(step.template or step.key))


__all__ = ["Context", "Contexts", "Prepare", "Spoken"]
