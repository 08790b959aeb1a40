"""Looking at a journey's row, and its steps that are no message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from temporalio import activity

from domain import names
from domain.errors import ProviderError
from domain.names import derived
from domain.sequences import Step
from providers.protocols import Crm, Platform
from store.db import Database
from store.identity import lock_contact
from store.journeys import OPEN, Journey
from store.ledger import Due
from store.sequences import Definitions
from store.steps import StepView, close_step, open_step
from workflows.journey import LookRequest, StepRequest, StepResult
from workflows.notices import Notice

Tell = Callable[[StepView, Step], Awaitable[None]]


class JourneyActivities:
    """One CRM and one platform, for the steps of journeys."""

    def __init__(self, db: Database, definitions: Definitions, crm: Crm, platform: Platform) -> None:
        self._db, self._definitions = db, definitions
        self._crm, self._platform = crm, platform

    @activity.defn(name=names.LOOK)
    async def look(self, request: LookRequest) -> Notice:
        """Where the row stands."""
        async with self._db.transaction() as tx:
            row = await tx.get_one(Journey, request.journey_id)
        at = row.ended_at or row.paused_at or row.started_at
        return Notice(revision=row.revision, state=row.state, reason=row.reason, at=at, shift_s=row.shift_s)

    @activity.defn(name=names.EXIT_STEP)
    async def leave(self, request: StepRequest) -> StepResult:
        """The plan says that the journey is over here."""
        async with self._db.transaction() as tx:
            await lock_contact(tx, request.contact_id)
            journey = await tx.get_one(Journey, request.journey_id)
            if journey.state in OPEN:
                await close_step(tx, journey, due_of(request), "exit", "done", "plan", last=True)
        return StepResult(status="ended", reason="plan")

    @activity.defn(name=names.CRM_STEP)
    async def crm_step(self, request: StepRequest) -> StepResult:
        """Set the lead status and append one summary line, once."""

        async def tell(view: StepView, step: Step) -> None:
            key = str(derived("crm", request.journey_id, request.step))
            summary = view.filled(step.settings.get("summary", ""))
            await self._crm.set_status(view.email, step.settings.get("status", ""), summary, key)

        return await self._carry_out(request, "crm", tell)

    @activity.defn(name=names.PLATFORM_STEP)
    async def platform_step(self, request: StepRequest) -> StepResult:
        """Set attributes on the marketing platform."""

        async def tell(view: StepView, step: Step) -> None:
            attributes = {name: view.filled(value) for name, value in step.settings.items()}
            await self._platform.set_attributes(view.email, attributes)

        return await self._carry_out(request, "platform", tell)

    async def _carry_out(self, request: StepRequest, kind: str, tell: Tell) -> StepResult:
        """Look, tell, write down. A vendor that refuses for good is shown and does not end the journey."""
        async with self._db.transaction() as tx:
            view = await open_step(tx, self._definitions, request.journey_id, request.contact_id, request.step)
        if view.obstacle is None:
            try:
                await tell(view, view.step)
                status, reason = "done", ""
            except ProviderError as error:
                if not error.final:
                    raise
                status, reason = "failed", error.code
        else:
            status, reason = view.status, view.obstacle
        if status == "hold":
            return StepResult(status=status, reason=reason)
        async with self._db.transaction() as tx:
            await lock_contact(tx, request.contact_id)
            journey = await tx.get_one(Journey, request.journey_id)
            await close_step(tx, journey, due_of(request), kind, status, reason, last=request.next_step is None)
        return StepResult(status=status, reason=reason)


def due_of(request: StepRequest) -> Due:
    """The request as the store takes it."""
    return Due(**request.model_dump())
