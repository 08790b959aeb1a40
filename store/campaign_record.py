"""What became of a chunk's calls, written down in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from domain.clock import Clock
from store import campaigns
from store.base import now
from store.db import Database

# A message that was refused for now is tried again after so long (virtual), twice as long each further time.
TRY_AGAIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The provider definitely did not take it. `counts`: it is about this message, and no outage."""

    id: UUID
    code: str
    final: bool
    counts: bool


@dataclass(slots=True)
class Outcome:
    """A chunk's results: taken, by the provider's ids; refused; doubtful; not called at all, and why."""

    taken: dict[UUID, str] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    doubtful: list[UUID] = field(default_factory=list)
    not_called: list[UUID] = field(default_factory=list)
    outage: str = ""
    resume_at: datetime | None = None


async def settle(db: Database, clock: Clock, run_id: UUID, outcome: Outcome, retries: int) -> None:
    """Write it down; raises NotDurable where that cannot be done now. Safe to repeat."""
    moment = now()
    async with db.transaction() as tx:
        if outcome.taken:
            given = {"ids": list(outcome.taken), "theirs": list(outcome.taken.values()), "at": moment}
            await tx.execute(_TAKEN, given)
        for one in outcome.refused:
            again = moment + clock.real_span(TRY_AGAIN)
            given = {"id": one.id, "code": one.code, "final": one.final, "counts": int(one.counts), "again": again}
            await tx.execute(_REFUSED, {**given, "retries": retries, "wait": clock.real_span(TRY_AGAIN)})
        if outcome.doubtful:
            await tx.execute(_DOUBTFUL, {"ids": outcome.doubtful, "at": moment})
        if outcome.not_called:
            await tx.execute(_NOT_CALLED, {"ids": outcome.not_called, "code": outcome.outage or None, "at": moment})
        if outcome.resume_at is not None or outcome.not_called:
            run = await campaigns.run_of(tx, run_id, lock=True)
            run.resume_at, run.reason = outcome.resume_at or run.resume_at, outcome.outage
            run.spent = _given_back(run.spent, len(outcome.not_called))


def _given_back(spent: list[list[object]], calls: int) -> list[list[object]]:
    """Calls that were not made are none that count."""
    left = [(str(at), int(str(made))) for at, made in spent]
    while calls and left:
        at, made = left.pop()
        if made > calls:
            left.append((at, made - calls))
        calls = max(calls - made, 0)
    return [[at, made] for at, made in left]


_TAKEN = text(
    """
    UPDATE messages m SET state = 'sent', reason = NULL, calling_until = NULL, provider_message_id = v.theirs,
        sent_at = coalesce(m.sent_at, :at)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:theirs AS text[])) AS v(id, theirs) WHERE m.id = v.id
    """
)
_REFUSED = text(
    """
    UPDATE messages SET refusals = refusals + :counts, reason = :code, calling_until = NULL,
        state = CASE WHEN :final OR refusals + :counts > :retries THEN 'failed' ELSE 'claimed' END,
        due_at = CAST(:again AS timestamptz) + CAST(:wait AS interval) * (power(2, refusals) - 1)
    WHERE id = :id AND state = 'calling'
    """
)
_DOUBTFUL = text("UPDATE messages SET calling_until = :at WHERE id = ANY(:ids) AND state = 'calling'")
_NOT_CALLED = text(
    """
    UPDATE messages SET state = 'claimed', reason = :code, calling_until = NULL, attempts = attempts - 1, due_at = :at,
        first_called_at = CASE attempts WHEN 1 THEN NULL ELSE first_called_at END
    WHERE id = ANY(:ids) AND state = 'calling'
    """
)
