"""When it is a marketing mail's turn: the person's hours, and what the cap over all journeys leaves for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.marketing import Cap, Limits
from domain.plans import later_mail
from domain.sending import Turn
from domain.sequences import Sequence, Step
from domain.windows import Hours
from store.contacts import Contact
from store.journeys import Journey
from store.sequences import Definitions
from store.zones import zone_of

# Whoever falls due within this time (virtual) counts as due now, and a mail that was passed over for another journey's
# asks again after it, since that one may have been skipped.
SAME_TIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Asking:
    """A mail that is about to be sent, at this real `moment`. Its contact's row is locked."""

    contact: Contact
    journey: Journey
    definition: Sequence
    step: Step
    due_at: datetime
    moment: datetime


class Turns:
    """Reads for one mail what `domain.sending` decides by."""

    def __init__(self, definitions: Definitions, limits: Limits, clock: Clock) -> None:
        self._definitions, self._limits, self._clock = definitions, limits, clock

    async def of(self, tx: AsyncSession, asking: Asking) -> Turn | None:
        """None for what is never held back."""
        if asking.definition.lane != "marketing":
            return None
        hours = Hours(self._limits.quiet_hours, tuple(asking.definition.windows(asking.step)))
        first = self._next(hours, asking, asking.due_at) or asking.due_at
        cap = self._limits.cap
        free_at = await self._free_at(tx, cap, hours, asking) if cap else None
        missed = _missed(asking)
        if missed and asking.journey.missed_to:
            first = max(first, asking.journey.missed_to)
        deferred = asking.journey.deferred_until if asking.journey.step == asking.step.key else None
        return Turn(
            since=max(first, deferred or first),
            opens_at=self._next(hours, asking, asking.moment),
            closed_by=hours.closed_by(self._clock.virtual(asking.moment), zone_of(asking.contact.timezone)),
            free_at=free_at,
            give_up_at=first + self._span(cap.hold_for.nominal_s) if cap else first,
            passed_over=self._passed_over(asking, missed),
            apart_until=await self._apart(tx, asking) if asking.journey.missed == "spread" else None,
        )

    def _passed_over(self, asking: Asking, missed: str) -> str:
        """Why a mail that fell due in a pause is not sent after it."""
        if missed != "latest":
            return "missed_in_pause" if missed == "skip" else ""
        journey, shift = asking.journey, timedelta(seconds=asking.journey.shift_s)
        newer = later_mail(
            asking.definition,
            asking.step.key,
            self._clock.virtual(asking.due_at - shift),
            self._clock.virtual(journey.anchor_at or journey.started_at),
            zone_of(asking.contact.timezone),
            self._clock.virtual((journey.missed_to or asking.due_at) - shift),
        )
        return "newer_in_pause" if newer else ""

    async def _apart(self, tx: AsyncSession, asking: Asking) -> datetime | None:
        """When the next mail may follow the one that went out since the resume."""
        journey = asking.journey
        given = {"journey": journey.id, "step": asking.step.key, "since": journey.missed_to}
        last = (await tx.execute(_LAST, given)).scalar_one()
        return last + self._clock.real_span(timedelta(seconds=journey.gap_s)) if last else None

    def _next(self, hours: Hours, asking: Asking, moment: datetime) -> datetime | None:
        """The first real moment at or after this one that is open."""
        virtual = self._clock.virtual(moment)
        found = hours.next_open(virtual, zone_of(asking.contact.timezone))
        if found is None:
            return None
        return moment if found == virtual else self._clock.real(found)

    def _span(self, seconds: int) -> timedelta:
        return self._clock.real_span(timedelta(seconds=seconds))

    async def _free_at(self, tx: AsyncSession, cap: Cap, hours: Hours, asking: Asking) -> datetime | None:
        """When to ask again, where there is no room now or what there is belongs to others."""
        per = self._span(cap.per.nominal_s)
        given = {
            "contact": asking.contact.id,
            "since": asking.moment - per,
            "journey": asking.journey.id,
            "step": asking.step.key,
            "most": cap.mails,
        }
        sent = list((await tx.execute(_SENT, given)).scalars())
        if len(sent) >= cap.mails:
            free = sent[-1] + per
        elif await self._before(tx, asking) >= cap.mails - len(sent):
            free = asking.moment + self._clock.real_span(SAME_TIME)
        else:
            return None
        return self._next(hours, asking, free) or free

    async def _before(self, tx: AsyncSession, asking: Asking) -> int:
        """How many mails of the person's other journeys are due as well and go before this one."""
        horizon = asking.moment + self._clock.real_span(SAME_TIME)
        rows = (await tx.execute(_DUE, {"contact": asking.contact.id, "own": asking.journey.id, "by": horizon})).all()
        mine = _rank(asking.definition, asking.journey.started_at, asking.journey.id)
        found = 0
        for row in rows:
            definition = await self._definitions.of(tx, row.sequence, row.version)
            step = definition.find(row.step)
            if step is None or step.kind != "email" or definition.lane != "marketing":
                continue
            found += _rank(definition, row.started_at, row.id) < mine
        return found


def _missed(asking: Asking) -> str:
    """What a resume said of mails like this one; empty where it did not fall due in a pause."""
    journey = asking.journey
    return journey.missed if journey.missed_to is not None and asking.due_at <= journey.missed_to else ""


def _rank(definition: Sequence, started_at: datetime, journey_id: UUID) -> tuple[int, datetime, UUID]:
    """Who goes first: the higher priority, then the journey that began earlier."""
    return (-definition.priority, started_at, journey_id)


# A mail that may have gone out takes its room; so does one that was refused and is tried again.
_SENT = text(
    """
    SELECT coalesce(sent_at, first_called_at, created_at) AS gone_at FROM messages
    WHERE contact_id = :contact AND lane = 'marketing' AND state IN ('claimed', 'calling', 'sent', 'unknown')
      AND coalesce(sent_at, first_called_at, created_at) > :since
      AND (journey_id IS NULL OR journey_id <> :journey OR step <> :step)
    ORDER BY gone_at DESC LIMIT :most
    """
)
_DUE = text(
    """
    SELECT j.id, j.sequence, j.version, j.step, j.started_at FROM journeys j
    WHERE j.contact_id = :contact AND j.id <> :own AND j.state IN ('starting', 'running') AND j.next_due_at <= :by
      AND NOT EXISTS (SELECT FROM messages m WHERE m.journey_id = j.id AND m.step = j.step)
    """
)
_LAST = text(
    """
    SELECT max(coalesce(sent_at, first_called_at, created_at)) FROM messages
    WHERE journey_id = :journey AND step <> :step AND state IN ('claimed', 'calling', 'sent', 'unknown')
      AND coalesce(sent_at, first_called_at, created_at) >= :since
    """
)
