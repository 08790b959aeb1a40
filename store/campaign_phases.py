"""How a run goes on where nobody's turn it is: wait, look at the test once, or be done."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.campaigns import Split
from domain.clock import Clock
from domain.winner import Tally, decide
from store.access import record
from store.base import now
from store.campaigns import CampaignRow, CampaignRun

DAY = timedelta(days=1)
SYSTEM = "system"
_NEXT = text(
    """
    SELECT least(
        (SELECT min(due_at) FROM campaign_recipients WHERE run_id = :run AND position <= :last),
        (SELECT min(CASE state WHEN 'calling' THEN calling_until ELSE due_at END) FROM messages
            WHERE run_id = :run AND state IN ('claimed', 'calling'))
    )
    """
)
_TALLY = text(
    """
    SELECT step, count(*), count(*) FILTER (WHERE coalesce(CASE :measure WHEN 'clicked' THEN clicked_at ELSE
        coalesce(opened_at, clicked_at) END <= :until, false))
    FROM messages WHERE run_id = :run AND state = 'sent' AND step IN ('a', 'b') GROUP BY step
    """
)
_LATER = text("UPDATE campaign_recipients SET due_at = due_at + :more WHERE run_id = :run AND due_at < :at")


async def settle_phase(tx: AsyncSession, row: CampaignRow, run: CampaignRun, clock: Clock) -> datetime | None:
    """The real moment at which there may be something to do; None where there is at once, or where the run is done."""
    moment = now()
    if run.phase == "wait":
        if run.wait_until is not None and run.wait_until > moment:
            return run.wait_until
        await _look(tx, row, run, clock)
        return None
    last = run.test_count if run.phase == "test" else 2**31 - 1
    ahead: datetime | None = (await tx.execute(_NEXT, {"run": run.id, "last": last})).scalar_one()
    if ahead is not None:
        return ahead
    if run.phase == "test":
        split = row.campaign.split
        run.phase = "wait"
        run.wait_until = moment + clock.real_span(timedelta(seconds=split.wait.nominal_s))
        return run.wait_until
    finish(run, "done")
    return None


def finish(run: CampaignRun, state: str, reason: str = "") -> None:
    """It is over."""
    run.state, run.reason, run.finished_at, run.resume_at = state, reason, now(), None


async def _look(tx: AsyncSession, row: CampaignRow, run: CampaignRun, clock: Clock) -> None:
    """The one look at the test, at the time that was fixed when it ended. Opens and clicks after it do not count."""
    split: Split = row.campaign.split
    given = {"run": run.id, "until": run.wait_until, "measure": split.measure}
    found = {step: Tally(got, did) for step, got, did in (await tx.execute(_TALLY, given)).all()}
    a, b = found.get("a", Tally(0, 0)), found.get("b", Tally(0, 0))
    verdict = decide(a, b)
    run.winner, run.phase = verdict.winner, "rest"
    run.verdict = {
        "a": {"got": a.got, "did": a.did}, "b": {"got": b.got, "did": b.did}, "measure": split.measure,
        "significant": verdict.significant, "p_value": verdict.p_value,
    }  # fmt: skip
    record(tx, SYSTEM, "campaign.subject_chosen", f"campaign:{row.id}", run=str(run.id), winner=run.winner)
    if row.campaign.schedule.local:
        await _to_the_next_day(tx, run, clock)


async def _to_the_next_day(tx: AsyncSession, run: CampaignRun, clock: Clock) -> None:
    """By each recipient's clock: who waited for the winner gets it at the hour that was meant, on a later day."""
    moment = now()
    earliest = text("SELECT min(due_at) FROM campaign_recipients WHERE run_id = :run")
    first: datetime | None = (await tx.execute(earliest, {"run": run.id})).scalar_one()
    if first is not None and first < moment:
        days = math.ceil((moment - first) / clock.real_span(DAY))
        await tx.execute(_LATER, {"run": run.id, "more": clock.real_span(DAY) * days, "at": moment})
