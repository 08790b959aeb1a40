"""The send ledger: decided, frozen and marked before a provider is called, recorded after.

States: (none) → calling → sent | failed | unknown; a refused call goes back to claimed; not allowed is
skipped. One transaction decides, freezes the bytes and marks the call, since nothing may come between
the decision and the mark; each later attempt decides again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.marketing import Marketing
from domain.names import derived
from domain.preferences import refusal
from domain.sending import Decision, Defer, End, Facts, Hold, Send, Skip, decide
from domain.sequences import Sequence, Step
from store import once
from store.actions import DEFERRED, note
from store.base import now
from store.claims import Busy, Call, Claim, Compose, Composed, Due, Settled, advance, complete
from store.contacts import Contact
from store.context import Context, Contexts, Prepare, Spoken
from store.db import Database
from store.events import Event
from store.hourly import HOURLY_LIMIT, full_until
from store.identity import lock_contact
from store.journeys import OPEN, Journey
from store.lifecycle import end, follow
from store.messages import Message
from store.sequences import Definitions
from store.standing import Standing, standing
from store.turns import Asking, Turns

# A call to a provider ends before this, or nobody knows what became of it. Providers' own time limits
# are below it (`CALL_LIMIT` in activities/messages.py).
CALL_LEASE = timedelta(seconds=15)


class Ledger:
    """Claims and records messages. `provider` and `key_lifetime` are those of the lane's mail provider.

    `spoken` tells the words that a template speaks; what costs a question is looked up for those alone. `prepare`
    fetches a template that is kept in rows, in the transaction of the claim.
    """

    def __init__(
        self,
        db: Database,
        definitions: Definitions,
        marketing: Marketing,
        clock: Clock,
        spoken: Spoken | None = None,
        prepare: Prepare | None = None,
    ) -> None:
        self.db, self.definitions, self.marketing, self.clock = db, definitions, marketing, clock
        self.contexts = Contexts(marketing, clock, spoken)
        self._prepare = prepare
        self.turns = Turns(definitions, marketing.limits, clock)

    async def claim(self, due: Due, provider: str, key_lifetime: timedelta | None, compose: Compose) -> Claim:
        """Decide under the contact's lock whether the message goes out now, and if so mark the call."""
        async with self.db.transaction() as tx:
            contact = await lock_contact(tx, due.contact_id)
            if contact is None:
                return Settled("ended", "erased")
            journey, message, shown = await _rows(tx, due)
            settled = _already(message, key_lifetime)
            if message is None and due.outdated(journey) and journey.state in OPEN:
                return Settled("moved")
            if settled is not None:
                advance(journey, due, settled)
                return settled
            this = _Claiming(due, journey, contact, provider, compose, self.moment(shown))
            return await self._decide(tx, this, message)

    def moment(self, shown: datetime) -> datetime:
        """The moment that it is decided by: what the database's clock shows, since those of workers may be wrong."""
        return shown

    async def _decide(self, tx: AsyncSession, this: _Claiming, message: Message | None) -> Claim:
        definition = await self.definitions.of(tx, this.journey.sequence, this.journey.version)
        step = definition.find(this.due.step)
        if step is None:
            return Settled("skipped", "step_removed")  # the definition was changed while this was on its way
        where = await standing(tx, this.journey, definition, this.contact)
        if this.journey.state in OPEN:
            follow(this.journey, where)
        elif message is not None and this.journey.state == "completed":
            # Its last message closed the journey when it was claimed, and is tried again.
            where = replace(where, held_by=None)
        else:
            where = Standing(ended_by=this.journey.reason or this.journey.state)
        if self._prepare is not None and step.template:
            await self._prepare(tx, step.template)
        context, unmet = await self.contexts.build(tx, this.journey, definition, step, this.contact)
        if step.once:
            this.once = await once.word(tx, this.journey, step)
            unmet = await once.said_before(tx, this.contact, this.due, this.once) or unmet
        facts = self._facts(this, definition, step, where, unmet)
        asking = Asking(this.contact, this.journey, definition, step, this.due.due_at, this.moment)
        decision = decide(replace(facts, turn=await self.turns.of(tx, asking)))
        if isinstance(decision, Send):
            return await self._call(tx, this, definition, step, message, context)
        if isinstance(decision, Defer):
            return await _put_off(tx, this, decision)
        return _refrain(tx, this, definition, message, decision)

    def _facts(self, this: _Claiming, definition: Sequence, step: Step, where: Standing, unmet: str | None) -> Facts:
        contact, compliance = this.contact, self.marketing.compliance
        return Facts(
            now=this.moment,
            due=this.due.due_at,
            late_after=self.clock.real_span(definition.lateness(step.key)),
            lane=definition.lane,
            email=contact.email,
            erased=contact.erased_at is not None,
            opted_out=contact.opted_out_at is not None,
            consent_missing=contact.consented_at is None and compliance.consent_required,
            unconfirmed=contact.consented_at is None and contact.confirm_asked_at is not None,
            declined=refusal(contact.declined, definition.topic, "email"),
            suppressed=contact.suppressed,
            ended_by=where.ended_by,
            held_by=this.journey.reason if this.journey.state == "paused" else None,
            unmet="past" if this.due.past else unmet,
            before=step.timed and step.at.nominal_s < 0,
        )

    async def _call(
        self,
        tx: AsyncSession,
        this: _Claiming,
        definition: Sequence,
        step: Step,
        message: Message | None,
        context: Context,
    ) -> Claim:
        first = message is None
        if message is None:
            message = _composed(this, definition, step, context)
            per_hour = self.marketing.limits.marketing_emails_per_hour
            until = await full_until(tx, per_hour, self.clock) if message.lane == "marketing" else None
            if until is not None:
                return await _put_off(tx, this, Defer(until, HOURLY_LIMIT))
            message.first_called_at = now()
            tx.add(message)
        message.state, message.reason, message.provider = "calling", None, this.provider
        message.attempts += 1
        message.calling_until = now() + CALL_LEASE
        if this.due.next_step is None and this.journey.state in OPEN:
            # What happens from here on opens the next journey: it can no longer be in this one's last mail.
            complete(this.journey)
        return Call(message, first)

    async def accepted(self, due: Due, message_id: UUID, provider_message_id: str) -> None:
        """The provider took it; the journey shows its next step.

        One statement, without the contact's lock: the row was this call's own, and the last message closed
        the journey when it was claimed.
        """
        given = {
            "message": message_id,
            "provider_message_id": provider_message_id,
            "at": now(),
            "journey": due.journey_id,
            "step": due.next_step,
            "due_at": due.next_due_at,
            "reached_at": due.due_at,
            "version": due.version,
        }
        async with self.db.transaction() as tx:
            await tx.execute(_ACCEPTED, given)

    async def refused(
        self, due: Due, message_id: UUID, code: str, *, final: bool, counts: bool, wait: timedelta | None = None
    ) -> Settled | None:
        """The provider definitely did not take it: back to claimed, or failed when it is final.

        `counts` is False for outages, which are waited out. None where another attempt is to be made, after `wait`
        at the earliest: on a busy machine Temporal's timers come up to a second early, and the row holds them back.
        """
        async with self.db.transaction() as tx:
            await lock_contact(tx, due.contact_id)
            message = await tx.get_one(Message, message_id)
            message.refusals += counts
            message.calling_until = now() + wait if wait else None
            if not final and message.refusals <= self.marketing.limits.retries:
                message.state, message.reason = "claimed", code
                return None
            message.calling_until = None
            message.state, message.reason = "failed", code
            settled = Settled("failed", code)
            advance(await tx.get_one(Journey, due.journey_id), due, settled)
            return settled

    async def doubtful(self, message_id: UUID) -> None:
        """Nobody knows whether the provider took it: its lease ends now, and the next claim decides."""
        async with self.db.transaction() as tx:
            message = await tx.get_one(Message, message_id, with_for_update=True)
            if message.state == "calling":
                message.calling_until = now()


async def _rows(tx: AsyncSession, due: Due) -> tuple[Journey, Message | None, datetime]:
    """The journey, what the ledger has of this step, and what the database's clock shows.

    Read after the contact was locked, never in one go with it: a row that is joined to a locked one is read
    as it was before the wait.
    """
    journey, message, moment = (await tx.execute(_ROWS, {"journey": due.journey_id, "step": due.step})).one()
    return journey, message, moment


# Made once: making a statement takes about as long as its answer.
_ROWS = (
    select(Journey, Message, func.clock_timestamp())
    .outerjoin(Message, and_(Message.journey_id == Journey.id, Message.step == bindparam("step")))
    .where(Journey.id == bindparam("journey"))
)


_ACCEPTED = text(
    """
    WITH taken AS (
        UPDATE messages SET state = 'sent', reason = NULL, calling_until = NULL,
            provider_message_id = :provider_message_id, sent_at = coalesce(sent_at, :at)
        WHERE id = :message RETURNING 1
    )
    UPDATE journeys SET step = :step, next_due_at = :due_at, deferred = '', deferred_until = NULL,
        reached_at = CAST(:reached_at AS timestamptz) - make_interval(secs => shift_s)
    WHERE id = :journey AND CAST(:step AS text) IS NOT NULL AND state IN ('starting', 'running', 'paused')
      AND CAST(:version AS integer) IN (0, version)
    """
)


@dataclass(slots=True)
class _Claiming:
    due: Due
    journey: Journey
    contact: Contact
    provider: str
    compose: Compose
    moment: datetime
    once: str | None = None


def _already(message: Message | None, key_lifetime: timedelta | None) -> Settled | Busy | None:
    """What an earlier attempt left behind; None where this one decides afresh."""
    if message is None:
        return None
    if message.state not in {"claimed", "calling"}:
        return Settled(message.state, message.reason or "")
    moment = now()
    if message.calling_until is not None and message.calling_until > moment:
        return Busy(message.calling_until - moment)
    if message.state == "claimed":
        return None
    called_at = message.first_called_at or message.created_at
    if key_lifetime is not None and moment < called_at + key_lifetime:
        return None
    message.state, message.reason = "unknown", "no_answer"
    return Settled("unknown", "no_answer")


async def _put_off(tx: AsyncSession, this: _Claiming, decision: Defer) -> Settled:
    """Not yet: no row of the ledger, but the journey and the person's story say until when and why."""
    journey = this.journey
    journey.deferred, journey.deferred_until = decision.reason, decision.until
    if journey.state in OPEN:
        journey.step, journey.next_due_at = this.due.step, decision.until
    event = await tx.get_one(Event, journey.entry_event)
    await note(tx, event, DEFERRED, f"{journey.sequence}.{this.due.step}", decision.reason)
    return Settled("deferred", decision.reason, decision.until, decision.until - this.moment)


def _refrain(
    tx: AsyncSession, this: _Claiming, definition: Sequence, message: Message | None, decision: Decision
) -> Settled:
    """Write down why nothing goes out. A call of which nobody knows the outcome stays doubtful."""
    if isinstance(decision, Hold):
        return Settled("hold", decision.reason)
    reason = decision.reason if isinstance(decision, (Skip, End)) else ""
    if message is None:
        message = _new(this, definition, "skipped")
        tx.add(message)
    doubtful = message.state == "calling"
    message.state, message.reason = ("unknown" if doubtful else "skipped"), reason
    ended = isinstance(decision, End)
    if ended and this.journey.state in OPEN:
        end(this.journey, "exited", reason)
    if ended:
        this.journey.notified = this.journey.revision  # the workflow that asked is told by the answer
    settled = Settled("ended" if ended else message.state, reason)
    advance(this.journey, this.due, settled)
    return settled


def _composed(this: _Claiming, definition: Sequence, step: Step, context: Context) -> Message:
    """The message with the words that are frozen with it."""
    message = _new(this, definition, "calling")
    composed = this.compose(message, step, context)
    message.sender, message.reply_to = composed.sender, composed.reply_to
    message.subject, message.text, message.html = composed.subject, composed.text, composed.html
    message.headers, message.attachments = dict(composed.headers), list(composed.attachments)
    message.once = this.once
    return message


def _new(this: _Claiming, definition: Sequence, state: str) -> Message:
    return Message(
        id=derived("message", this.journey.id, this.due.step),
        journey_id=this.journey.id,
        contact_id=this.contact.id,
        sequence=definition.sequence,
        step=this.due.step,
        lane=definition.lane,
        state=state,
        recipient=this.contact.email or "",
        due_at=this.due.due_at,
        # Given, since making defaults costs more than all the rest.
        headers={},
        attachments=[],
        created_at=now(),
    )


__all__ = ["CALL_LEASE", "Busy", "Call", "Claim", "Compose", "Composed", "Due", "Ledger", "Settled", "advance"]
