"""Events → start / signal: the only code that starts or signals a workflow.

Rows first, then the engine: a key's events are applied to the rows in one transaction, then every
workflow that is behind its row is started or told, then the events are marked as routed. A crash between
any two of these repeats what is harmless to repeat.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

import starts
from domain import names
from domain.clock import Clock
from domain.erasure import ERASED
from domain.errors import NotDurable
from domain.marketing import Marketing
from store import campaigns, leases
from store.campaigns import CampaignRun
from store.db import Database
from store.events import Event
from store.journeys import OPEN, Journey
from store.leases import Lease
from store.lifecycle import told
from store.listening import Ear
from store.reviews import Review
from store.routing import Routed, Router, told_review
from store.sequences import Definitions
from workflows.notices import Notice, notice_of

log = structlog.get_logger("dispatch")

AT_ONCE = 12
POLL_S = 1.0
OUTAGE_PAUSE_S = 1.0
FAILURE_PAUSE_S = 2.0
KEEP_S = 60.0
RPC_TIMEOUT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Leases ordering keys and routes their events until told to stop. Any number may run side by side."""

    db: Database
    client: Client
    marketing: Marketing
    definitions: Definitions
    clock: Clock

    async def run(self, ear: Ear, stop: asyncio.Event) -> None:
        """Take what is there, else wait for the bell or a second."""
        kept_s = -KEEP_S
        while not stop.is_set():
            if time.monotonic() - kept_s >= KEEP_S and await self.keep():
                kept_s = time.monotonic()
            try:
                busy = await self.turn()
            except NotDurable:
                log.warning("dispatch_waits", code="database_away")
                await asyncio.sleep(OUTAGE_PAUSE_S)
                continue
            if not busy:
                await ear.hear(POLL_S)

    async def keep(self) -> bool:
        """Start what runs all the time where it does not run; False where Temporal is away, to be tried again."""
        try:
            for start in starts.standing(self.marketing, self.clock):
                await self._start(start, reuse=WorkflowIDReusePolicy.ALLOW_DUPLICATE)
        except RPCError as error:
            log.warning("not_kept", status=error.status.name)
            return False
        return True

    async def turn(self) -> int:
        """Route the keys that are waiting now, a dozen at once; how many there were."""
        async with self.db.transaction() as tx:
            taken = await leases.take(tx, AT_ONCE)
        await asyncio.gather(*(self._carry(lease) for lease in taken))
        return len(taken)

    async def _carry(self, lease: Lease) -> None:
        try:
            await self._route(lease)
        except NotDurable:
            log.warning("key_waits", code="database_away")
            await self._give_back(lease, OUTAGE_PAUSE_S)
        except RPCError as error:
            log.warning("key_waits", code="temporal", status=error.status.name)
            await self._give_back(lease, OUTAGE_PAUSE_S)
        except Exception:
            log.exception("key_failed")
            await self._give_back(lease, FAILURE_PAUSE_S)

    async def _give_back(self, lease: Lease, pause_s: float) -> None:
        try:
            async with self.db.transaction() as tx:
                await leases.release(tx, lease, pause_s=pause_s)
        except NotDurable:
            log.warning("lease_runs_out", code="database_away")

    async def _route(self, lease: Lease) -> None:
        async with self.db.transaction() as tx:
            routed = await Router(self.definitions, self.clock, self.marketing).route(tx, lease)
        await self._tell(routed)
        async with self.db.transaction() as tx:
            await leases.mark_routed(
                tx,
                lease,
                [event.id for event in routed.events],
                routed.done_seq,
                pause_s=FAILURE_PAUSE_S * routed.failed,
            )

    async def _tell(self, routed: Routed) -> None:
        """Bring the engine to where the rows are: independent workflows side by side."""
        heard = [event for event in routed.events if not routed.erased or event.type == ERASED]
        work: list[Awaitable[None]] = [self._for_event(event) for event in heard]
        work += [self._for_journey(row, routed.zone) for row in routed.journeys]
        work += [self._for_review(row) for row in routed.reviews]
        work += [self._for_run(row) for row in routed.runs]
        for result in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _for_event(self, event: Event) -> None:
        start = starts.for_event(event, self.marketing, self.clock)
        if start is not None and start.again:
            await self._start_or_tell(start, Notice(revision=event.seq or 0, state="changed", at=event.received_at))
        elif start is not None:
            await self._start(start)

    async def _for_journey(self, row: Journey, zone: str) -> None:
        if row.notified > 0:
            await self._signal(row.workflow_id, notice_of(row))
        elif row.state in OPEN:
            definition = self.definitions.known(row.sequence, row.version)
            if not await self._start(starts.journey(row, definition, zone, self.clock)):
                await self._signal(row.workflow_id, notice_of(row))
        async with self.db.transaction() as tx:
            await tx.execute(told(row.id, row.revision))

    async def _for_review(self, row: Review) -> None:
        start = starts.review(row, self.marketing, self.clock)
        notice = Notice(revision=row.revision, state=row.state, at=row.decided_at or row.created_at)
        if row.asked_at > row.created_at:
            # It was approved before and asks again: its workflow may have ended.
            await self._start_or_tell(start, notice)
        elif row.notified > 0 or not await self._start(start):
            await self._signal(start.id, notice)
        async with self.db.transaction() as tx:
            await tx.execute(told_review(row.id, row.revision))

    async def _for_run(self, row: CampaignRun) -> None:
        if row.notified > 0 or not await self._start(starts.campaign(row)):
            await self._signal(row.workflow_id, Notice(revision=row.revision, state=row.state, at=row.created_at))
        async with self.db.transaction() as tx:
            await tx.execute(campaigns.told(row.id, row.revision))

    async def _start(
        self, start: starts.Start, *, reuse: WorkflowIDReusePolicy = WorkflowIDReusePolicy.REJECT_DUPLICATE
    ) -> bool:
        """Start it; False where an earlier turn did, which may have died before it wrote that down."""
        try:
            await self.client.start_workflow(
                start.workflow,
                start.given,
                id=start.id,
                task_queue=names.MAIN_QUEUE,
                id_reuse_policy=reuse,
                static_summary=start.summary,
                search_attributes=start.search_attributes,
                rpc_timeout=RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def _start_or_tell(self, start: starts.Start, notice: Notice) -> None:
        """Tell it where it runs, else start it: one call, so that no news falls between its end and its start."""
        await self.client.start_workflow(
            start.workflow,
            start.given,
            id=start.id,
            task_queue=names.MAIN_QUEUE,
            start_signal=names.NOTICE,
            start_signal_args=[notice],
            static_summary=start.summary,
            search_attributes=start.search_attributes,
            rpc_timeout=RPC_TIMEOUT,
        )

    async def _signal(self, workflow_id: str, notice: Notice) -> None:
        handle = self.client.get_workflow_handle(workflow_id)
        try:
            await handle.signal(names.NOTICE, notice, rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            # It has closed: there is nobody left to tell, and the row says how it ended.
