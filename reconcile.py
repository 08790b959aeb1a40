"""Comparing open journeys and reviews with Temporal: a run that was ended from outside is marked so and shown."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from domain.errors import NotDurable
from store.db import Database
from store.lifecycle import stop_from_outside
from store.review_progress import stop_review

log = structlog.get_logger("reconcile")

EVERY_S = 60.0
OVERLAP = timedelta(minutes=2)
_OUTSIDE = (
    "WorkflowType IN ('ContactSequence', 'CartRecovery', 'ContentApproval') AND "
    "ExecutionStatus IN ('Terminated', 'Canceled', 'Failed', 'TimedOut') AND CloseTime > '{since}'"
)


@dataclass(slots=True)
class Reconciler:
    """Each minute asks for journeys and reviews that ended in a way of which their rows know nothing. Restarts none."""

    db: Database
    client: Client

    async def run(self, stop: asyncio.Event) -> None:
        """Look each minute until told to stop."""
        since = datetime.now(UTC) - timedelta(days=1)
        while not stop.is_set():
            began = datetime.now(UTC)
            try:
                await self.look(since)
                since = began - OVERLAP
            except (RPCError, NotDurable) as error:
                log.warning("not_reconciled", kind=type(error).__name__)
            try:
                await asyncio.wait_for(stop.wait(), EVERY_S)
            except TimeoutError:
                continue

    async def look(self, since: datetime) -> int:
        """Mark what was ended from outside since then; how many there were."""
        marked = 0
        query = _OUTSIDE.format(since=since.isoformat())
        async for execution in self.client.list_workflows(query):
            status = (execution.status or WorkflowExecutionStatus.TERMINATED).name.lower()
            async with self.db.transaction() as tx:
                mark = stop_review if execution.workflow_type == "ContentApproval" else stop_from_outside
                marked += await mark(tx, execution.id, f"workflow {status}")
        return marked
