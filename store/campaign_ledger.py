"""The send ledger for many: a chunk of people is locked, decided, frozen and marked in one transaction.

The same states and the same rules as for a journey's mail (store/ledger.py): nothing may come between the decision and
the mark, and what was marked by a process that died is called again with the same bytes where the provider knows keys,
and is `unknown` where it does not. A person whose row somebody else has locked this moment has their turn later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.errors import Invalid
from domain.marketing import Marketing
from domain.names import derived
from domain.pacing import Spent, allowance
from domain.preferences import refusal
from domain.sending import Facts, Send, decide
from store import campaign_sql as sql
from store import campaigns, mail_words
from store.base import now
from store.campaign_phases import settle_phase
from store.campaigns import CampaignRow, CampaignRun
from store.db import Database
from store.ledger import CALL_LEASE
from store.mail_words import Fields, Shared, Words

LANE = "marketing"
# Somebody's row is locked for milliseconds.
LOCKED_WAIT = timedelta(milliseconds=200)
REMEMBERED = 1_000
_LATE = timedelta(days=36_500)


class Filler(Protocol):
    """Makes the words of one mail: those it shares, and what stands for the marks in them. Raises Invalid."""

    def fill(
        self, campaign: str, run: CampaignRun, person: Mapping[str, Any], message_id: UUID, variant: str
    ) -> tuple[Shared, Fields]: ...


@dataclass(frozen=True, slots=True)
class Ready:
    """A mail that is marked as being called."""

    id: UUID
    recipient: str
    words: Words
    fields: Fields


@dataclass(frozen=True, slots=True)
class Chunk:
    """`ready` mails may be called until `calling_until`. Without any: `state` of the run, and when to look again.

    `handled`: rows were written, so that there may be more at once. `revision` is that of the run.
    """

    state: str
    revision: int
    ready: list[Ready] = field(default_factory=list)
    handled: bool = False
    until: datetime | None = None
    calling_until: datetime | None = None


@dataclass(slots=True)
class _Turn:
    """One person's mail in this chunk; `message` is the row that an earlier attempt left."""

    id: UUID
    person: Mapping[str, Any]
    variant: str
    message: RowMapping | None = None


class CampaignLedger:
    """Claims and records the mails of runs. `provider` and `key_lifetime` are those of the lane's mail provider."""

    def __init__(
        self, db: Database, marketing: Marketing, clock: Clock, provider: str, key_lifetime: timedelta | None
    ) -> None:
        self.db, self.marketing, self.clock = db, marketing, clock
        self.provider, self.key_lifetime = provider, key_lifetime
        self._kept: set[str] = set()

    async def claim(self, run_id: UUID, most: int, filler: Filler) -> Chunk:
        """The next mails, `most` at most, as far as the run's rate lets them."""
        async with self.db.transaction() as tx:
            run = await campaigns.run_of(tx, run_id, lock=True)
            moment = now()
            if run.state != "running":
                return Chunk(run.state, run.revision)
            if run.resume_at is not None and run.resume_at > moment:
                return Chunk(run.state, run.revision, until=run.resume_at)
            run.resume_at, run.reason = None, ""
            row = await campaigns.get(tx, run.campaign_id)
            per_hour = row.campaign.per_hour or self.marketing.limits.marketing_emails_per_hour
            left = allowance(_spent(run), moment, per_hour, self.clock)
            if not left.calls:
                return Chunk(run.state, run.revision, until=left.free_at)
            again = await self._again(tx, run, min(most, left.calls), moment)
            fresh = await self._fresh(tx, run, min(most, left.calls) - len(again.turns), moment)
            written = _Written(moment)
            for turn in [*again.turns, *fresh.turns]:
                self._decide(row, run, turn, filler, written)
            await self._write(tx, run, written, fresh)
            if written.ready:
                spent = [*left.spent, Spent(moment, len(written.ready))]
                run.spent = [[one.at.isoformat(), one.calls] for one in spent]
            handled = bool(again.turns or again.lost or fresh.turns or fresh.gone)
            until = None
            if not handled:
                until = moment + LOCKED_WAIT if fresh.locked else await settle_phase(tx, row, run, self.clock)
        self._remember(written)
        return Chunk(run.state, run.revision, written.ready, handled, until, moment + CALL_LEASE)

    async def _again(self, tx: AsyncSession, run: CampaignRun, most: int, moment: datetime) -> _Found:
        """Mails that were refused and may be tried again, and those whose call nobody answers for any more."""
        given = {"run": run.id, "at": moment, "most": most}
        rows = list((await tx.execute(sql.OPEN, given)).mappings())
        lost = [row["id"] for row in rows if row["state"] == "calling" and not self._repeatable(row, moment)]
        if lost:
            await tx.execute(sql.UNKNOWN, {"ids": lost})
        kept = [row for row in rows if row["id"] not in lost]
        people = await _locked(tx, [row["contact_id"] for row in kept])
        turns = [
            _Turn(row["id"], people[row["contact_id"]], row["step"], row) for row in kept if row["contact_id"] in people
        ]
        return _Found(turns=turns, lost=len(lost))

    def _repeatable(self, row: RowMapping, moment: datetime) -> bool:
        return self.key_lifetime is not None and moment < row["first_called_at"] + self.key_lifetime

    async def _fresh(self, tx: AsyncSession, run: CampaignRun, most: int, moment: datetime) -> _Found:
        """People whose turn it is. Whoever was merged into somebody else is found there the next time."""
        if most <= 0:
            return _Found()
        given = {
            "run": run.id,
            "at": moment,
            "most": most,
            # Until the test has been looked at, it is nobody else's turn.
            "last": run.test_count if run.phase in {"test", "wait"} else 2**31 - 1,
        }
        rows = (await tx.execute(sql.DUE, given)).all()
        ids = [row.contact_id for row in rows]
        people = await _locked(tx, ids)
        missing = [one for one in ids if one not in people]
        there = set((await tx.execute(sql.THERE, {"ids": missing})).scalars()) if missing else set()
        gone = [one for one in missing if one not in there]
        for alias, person in list(people.items()):
            if person["merged_into"] is not None:
                await tx.execute(sql.HAND_ON, {"run": run.id, "alias": alias, "living": person["merged_into"]})
                gone.append(alias)
                del people[alias]
        had = set((await tx.execute(sql.HAD, {"run": run.id, "ids": list(people)})).scalars())
        gone += had
        turns = [
            _Turn(derived("campaign", run.id, row.contact_id), people[row.contact_id], _variant(run, row.position))
            for row in rows
            if row.contact_id in people and row.contact_id not in had
        ]
        return _Found(turns=turns, gone=gone, locked=len(missing) - len([one for one in missing if one not in there]))

    def _decide(self, row: CampaignRow, run: CampaignRun, turn: _Turn, filler: Filler, written: _Written) -> None:
        decision = decide(self._facts(turn.person, row.topic, written.moment))
        before = turn.message
        if not isinstance(decision, Send):
            # A call of which nobody knows the outcome stays doubtful.
            doubtful = before is not None and before["state"] == "calling"
            written.add(row, turn, "unknown" if doubtful else "skipped", decision.reason)
            return
        if before is None:
            try:
                shared, fields = filler.fill(row.key, run, turn.person, turn.id, turn.variant)
            except Invalid:
                written.add(row, turn, "skipped", "cannot_be_written")
                return
            written.words[shared.digest] = shared
            written.add(row, turn, "calling", None, shared, fields, self.provider)
            written.ready.append(Ready(turn.id, turn.person["email"], shared.words, fields))
        else:
            written.repeats.append(turn)

    def _facts(self, person: Mapping[str, Any], topic: str, moment: datetime) -> Facts:
        """A campaign's people are not late: whoever pauses a run for a week wants the rest to get it after that."""
        return Facts(
            now=moment,
            due=moment,
            late_after=_LATE,
            lane=LANE,
            email=person["email"],
            erased=person["erased_at"] is not None,
            opted_out=person["opted_out_at"] is not None,
            consent_missing=person["consented_at"] is None and self.marketing.compliance.consent_required,
            unconfirmed=person["consented_at"] is None and person["confirm_asked_at"] is not None,
            declined=refusal(person["declined"], topic, "email"),
            suppressed=person["suppressed"],
            ended_by=None,
            held_by=None,
            unmet=None,
        )

    async def _write(self, tx: AsyncSession, run: CampaignRun, written: _Written, fresh: _Found) -> None:
        """Everything of the chunk in a handful of statements."""
        unknown = [one for digest, one in written.words.items() if digest not in self._kept]
        if unknown:
            await mail_words.keep(tx, unknown)
        leased = written.moment + CALL_LEASE
        if written.rows:
            given = {"rows": json.dumps(written.rows), "run": run.id, "at": written.moment, "leased": leased}
            await tx.execute(sql.INSERT, {**given, "lane": LANE})
        for turn in written.repeats:
            assert turn.message is not None
            words = await mail_words.stored(tx, turn.message["words"])
            written.ready.append(Ready(turn.id, turn.message["recipient"], words, turn.message["fields"]))
        if written.repeats:
            ids = [turn.id for turn in written.repeats]
            await tx.execute(
                sql.CALL_AGAIN, {"ids": ids, "leased": leased, "at": written.moment, "provider": self.provider}
            )
        for message_id, state, reason in written.refrained:
            await tx.execute(sql.REFRAIN, {"id": message_id, "state": state, "reason": reason})
        done = [turn.person["id"] for turn in fresh.turns] + fresh.gone
        if done:
            await tx.execute(sql.TAKEN, {"run": run.id, "ids": done})

    def _remember(self, written: _Written) -> None:
        """Which words are stored, now that they are; those that no other mail shares are forgotten again."""
        if len(self._kept) > REMEMBERED:
            self._kept.clear()
        self._kept.update(written.words)


@dataclass(slots=True)
class _Found:
    turns: list[_Turn] = field(default_factory=list)
    lost: int = 0
    gone: list[UUID] = field(default_factory=list)
    locked: int = 0


@dataclass(slots=True)
class _Written:
    """What the chunk comes to."""

    moment: datetime
    rows: list[dict[str, Any]] = field(default_factory=list)
    words: dict[str, Shared] = field(default_factory=dict)
    ready: list[Ready] = field(default_factory=list)
    repeats: list[_Turn] = field(default_factory=list)
    refrained: list[tuple[UUID, str, str]] = field(default_factory=list)

    def add(
        self,
        row: CampaignRow,
        turn: _Turn,
        state: str,
        reason: str | None,
        shared: Shared | None = None,
        fields: Fields | None = None,
        provider: str = "",
    ) -> None:
        """A row of the ledger."""
        if turn.message is not None:
            self.refrained.append((turn.id, state, reason or ""))
            return
        subject = mail_words.subject_of(shared.words, fields or {}) if shared else ""
        self.rows.append(
            {
                "id": str(turn.id), "contact": str(turn.person["id"]), "key": row.key, "step": turn.variant,
                "state": state, "reason": reason, "recipient": turn.person["email"] or "", "subject": subject,
                "words": shared.digest if shared else None, "fields": fields or {}, "provider": provider,
            }
        )  # fmt: skip


def _spent(run: CampaignRun) -> list[Spent]:
    return [Spent(datetime.fromisoformat(at), calls) for at, calls in run.spent]


def _variant(run: CampaignRun, position: int) -> str:
    """Odd places of the test try the first subject, even ones the second; after it all get the better one."""
    if run.phase == "test":
        return "a" if position % 2 else "b"
    return run.winner or "a"


async def _locked(tx: AsyncSession, ids: list[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """The people whom nobody else has locked, locked now, in the order of their ids."""
    if not ids:
        return {}
    return {row["id"]: dict(row) for row in (await tx.execute(sql.LOCK, {"ids": ids})).mappings()}
