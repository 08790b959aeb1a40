"""Reactions: decided from the inbox under the contact's lock, carried out at once or when their time comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.clock import Clock
from domain.conditions import first_unmet, look_up
from domain.names import derived
from domain.reactions import All, AnyOf, Counted, Not, Often, Reaction, Term, comparisons, reached
from store.actions import note
from store.contacts import Contact
from store.describing import described
from store.events import Event
from store.reacting import carry_out
from store.reaction_firings import Firing

# A window that holds more than so many decides by its newest.
MAX_COUNTED = 2_000


async def react(tx: AsyncSession, clock: Clock, rules: Sequence[Reaction], event: Event, contact: Contact) -> None:
    """Fire the rules that this event meets, the most important first."""
    for rule in sorted(rules, key=lambda one: -one.priority):
        if event.type in rule.on and (rule.browser or not event.client_side):
            await _Asked(tx, clock, rule, event, contact).decide()


class _Asked:
    """One rule that is asked about one event."""

    def __init__(self, tx: AsyncSession, clock: Clock, rule: Reaction, event: Event, contact: Contact) -> None:
        self.tx, self.clock, self.rule, self.event, self.contact = tx, clock, rule, event, contact

    async def decide(self) -> None:
        firing_id = derived("reaction", self.rule.reaction, self.event.id)
        if await self.tx.get(Firing, firing_id) is not None or not await self._holds_all():
            return
        if await self._rests():
            await note(self.tx, self.event, "reaction_rests", self.rule.reaction, "fired_before")
            return
        delay = timedelta(seconds=self.rule.delay.nominal_s)
        due_at = self.event.received_at + self.clock.real_span(delay) if delay else None
        self.tx.add(
            Firing(
                id=firing_id,
                reaction=self.rule.reaction,
                contact_id=self.contact.id,
                event_id=self.event.id,
                at=self.event.received_at,
                due_at=due_at,
            )
        )
        await self.tx.flush()
        await note(self.tx, self.event, "reacted", self.rule.reaction, "in_its_time" if due_at else "at_once")
        if due_at is None:
            await carry_out(self.tx, self.rule, firing_id, self.event, self.contact)

    async def _rests(self) -> bool:
        """Whether it fired for this person so short a time before, or, for one that is replayed, after."""
        if self.rule.rests is None:
            return False
        span = self.clock.real_span(self.rule.rests)
        near = col(Firing.at).between(self.event.received_at - span, self.event.received_at + span)
        mine = (col(Firing.contact_id) == self.contact.id, col(Firing.reaction) == self.rule.reaction)
        return (await self.tx.execute(select(Firing.id).where(*mine, near).limit(1))).first() is not None

    async def _holds_all(self) -> bool:
        if not self.rule.when:
            return True
        person = await described(self.tx, self.contact, list(comparisons(self.rule.when)))
        facts = {"payload": self.event.payload, "contact": person}
        # What costs no question first.
        terms = sorted(self.rule.when, key=lambda term: isinstance(term, Often))
        return await self._all(terms, facts)

    async def _all(self, terms: Sequence[Term], facts: Mapping[str, Any]) -> bool:
        for term in terms:
            if not await self._holds(term, facts):
                return False
        return True

    async def _holds(self, term: Term, facts: Mapping[str, Any]) -> bool:
        if isinstance(term, All):
            return await self._all(term.all, facts)
        if isinstance(term, AnyOf):
            return any([await self._holds(one, facts) for one in term.any])
        if isinstance(term, Not):
            return not await self._holds(term.negated, facts)
        if isinstance(term, Often):
            return await self._often(term.count)
        return term.holds(facts)

    async def _often(self, wanted: Counted) -> bool:
        """Counted in the inbox, among what was stored up to this event: the sixth is the sixth however late it is."""
        span = self.clock.real_span(timedelta(seconds=wanted.within.nominal_s)) if wanted.within else None
        counted = select(Event.occurred_at, Event.payload).where(
            col(Event.contact_id) == self.contact.id,
            col(Event.type) == (wanted.event or self.event.type),
            col(Event.seq) <= self.event.seq,
            col(Event.state) != "rejected",
        )
        if not self.rule.browser:
            counted = counted.where(col(Event.client_side).is_(False))
        if span is not None:
            around = (self.event.occurred_at - span, self.event.occurred_at + span)
            counted = counted.where(col(Event.occurred_at).between(*around))
        if wanted.same:
            value = look_up({"payload": self.event.payload}, wanted.same)
            path = wanted.same.split(".")[1:]
            counted = counted.where(col(Event.payload)[path].astext == str(value)) if value is not None else counted
        rows = (await self.tx.execute(counted.order_by(col(Event.seq).desc()).limit(MAX_COUNTED))).all()
        times = [moment for moment, payload in rows if first_unmet(wanted.when, {"payload": payload}) is None]
        if wanted.event and wanted.event != self.event.type:
            return reached([*times, self.event.occurred_at], self.event.occurred_at, wanted.at_least + 1, span)
        return self.event.occurred_at in times and reached(times, self.event.occurred_at, wanted.at_least, span)


_FIRINGS = Firing.__table__.c
_DUE = (
    select(_FIRINGS.id, _FIRINGS.contact_id)
    .where(_FIRINGS.due_at <= bindparam("moment"))
    .order_by(_FIRINGS.due_at)
    .limit(bindparam("most"))
)


async def due(tx: AsyncSession, moment: datetime, most: int) -> Sequence[tuple[UUID, UUID]]:
    """Firings whose time has come, and whose they are."""
    return [(row[0], row[1]) for row in await tx.execute(_DUE, {"moment": moment, "most": most})]


async def next_due(tx: AsyncSession) -> datetime | None:
    """When the next firing's time comes."""
    soonest: datetime | None = (await tx.execute(select(func.min(_FIRINGS.due_at)))).scalar_one()
    return soonest


async def fire(tx: AsyncSession, rules: Sequence[Reaction], firing_id: UUID, contact: Contact) -> None:
    """Carry out what waited, under the contact's lock; a rule that is gone meanwhile does nothing more."""
    firing = await tx.get(Firing, firing_id)
    if firing is None or firing.due_at is None:
        return
    firing.due_at = None
    rule = next((one for one in rules if one.reaction == firing.reaction), None)
    event = await tx.get(Event, firing.event_id)
    if rule is not None and event is not None and contact.erased_at is None:
        await carry_out(tx, rule, firing.id, event, contact)
