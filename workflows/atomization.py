"""One release or article becomes a draft of every kind, side by side."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

from domain import names

WRITE_TIMEOUT = timedelta(seconds=120)
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


class AtomizationInput(BaseModel):
    """Which event, and into what `kinds` (keys of `domain.content.KINDS`)."""

    schema_version: int = 1
    event_id: UUID
    kinds: list[str]
    epoch: datetime
    factor: float


class DraftRequest(BaseModel):
    """What `content.draft` is asked."""

    event_id: UUID
    kind: str


class Drafted(BaseModel):
    """What came of one kind: `drafted`, `already`, `no_source`, `refused` or `failed`. The reason is in `actions`."""

    kind: str
    outcome: str
    review_id: UUID | None = None


class AtomizationResult(BaseModel):
    """What came of every kind, in the order asked."""

    drafts: list[Drafted]


@workflow.defn(name="Atomization")
class Atomization:
    """Asks for each kind on its own: one that is refused, or waits for a model that is away, holds up no other."""

    @workflow.run
    async def run(self, given: AtomizationInput) -> AtomizationResult:
        """Every kind's draft."""
        drafts = await asyncio.gather(*(self._draft(given.event_id, kind) for kind in given.kinds))
        made = sum(draft.outcome == "drafted" for draft in drafts)
        workflow.set_current_details(f"Ended: {made} of {len(drafts)} drafts were made.")
        return AtomizationResult(drafts=drafts)

    async def _draft(self, event_id: UUID, kind: str) -> Drafted:
        try:
            drafted: Drafted = await workflow.execute_activity(
                names.DRAFT,
                DraftRequest(event_id=event_id, kind=kind),
                result_type=Drafted,
                start_to_close_timeout=WRITE_TIMEOUT,
                retry_policy=RETRY,
                summary=f"write the {kind}",
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return Drafted(kind=kind, outcome="failed")
        return drafted
