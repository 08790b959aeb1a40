"""Looking at a journey's row, and its steps that are no message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from temporalio import activity

from domain import names
from domain.clock import Clock
from domain.errors import ProviderError
from domain.names import derived
from domain.sequences import Step
from domain.steps.exit import Exit
from domain.steps.list import Lists
from providers.protocols import Crm, Platform
from providers.rendering.emails import one_line
from providers.rendering.liquid import parse
from providers.rendering.source import SourceFile
from store.db import Database
from store.identity import lock_contact
from store.journeys import OPEN, Journey
from store.ledger import Due
from store.plans import taken_over
from store.sequences import Definitions
from store.steps import StepView, carry_out, close_step, open_step
from workflows.journey import LookRequest, PlanResult, StepRequest, StepResult
from workflows.notices import Notice, notice_of
from workflows.planning import planned

Tell = Callable[[StepView, Step], Awaitable[None]]


class JourneyActivities:
    """One CRM and one platform, for the steps of journeys."""

    def __init__(self, db: Database, definitions: Definitions, clock: Clock, crm: Crm, platform: Platform) -> None:
        self._db, self._definitions, self._clock = db, definitions, clock
        self._crm, self._platform = crm, platform

    @activity.defn(name=names.LOOK)
    async def look(self, request: LookRequest) -> Notice:
        """Where the row stands."""
        async with self._db.transaction() as tx:
            return notice_of(await tx.get_one(Journey, request.journey_id))

    @activity.defn(name=names.STEP)
    async def step(self, request: StepRequest) -> StepResult:
        """A step that happens in rows alone."""
        async with self._db.transaction() as tx:
            found = await carry_out(tx, self._definitions, self._clock, due_of(request), _render)
        return StepResult(status=found.status, reason=found.reason, decides=found.decides, go=found.go)

    @activity.defn(name=names.PLAN)
    async def plan(self, request: LookRequest) -> PlanResult:
        """The plan of the version that the row has now, and where to go on in it."""
        async with self._db.transaction() as tx:
            row = await tx.get_one(Journey, request.journey_id)
            row, definition, at = await taken_over(tx, self._definitions, row.id, row.contact_id)
            stand = notice_of(row)
        return PlanResult(version=row.version, steps=planned(definition), at=at, stand=stand)

    @activity.defn(name=names.EXIT_STEP)
    async def leave(self, request: StepRequest) -> StepResult:
        """The plan says that the journey is over here."""
        async with self._db.transaction() as tx:
            await lock_contact(tx, request.contact_id)
            journey = await tx.get_one(Journey, request.journey_id)
            if journey.state in OPEN:
                if due_of(request).outdated(journey):
                    return StepResult(status="moved")
                definition = await self._definitions.of(tx, journey.sequence, journey.version)
                said = definition.step(request.step).read(Exit).reason
                await close_step(tx, journey, due_of(request), "exit", "done", said, last=True)
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

    @activity.defn(name=names.LIST_STEP)
    async def list_step(self, request: StepRequest) -> StepResult:
        """Put the person on lists of the marketing platform, and take them off others."""

        async def tell(view: StepView, step: Step) -> None:
            lists = step.read(Lists)
            await self._platform.change_lists(view.email, add=lists.add, remove=lists.remove)

        return await self._carry_out(request, "list", tell)

    async def _carry_out(self, request: StepRequest, kind: str, tell: Tell) -> StepResult:
        """Look, tell, write down. A vendor that refuses for good is shown and does not end the journey."""
        async with self._db.transaction() as tx:
            view = await open_step(tx, self._definitions, due_of(request))
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
        if status in {"hold", "moved"}:
            return StepResult(status=status, reason=reason)
        async with self._db.transaction() as tx:
            await lock_contact(tx, request.contact_id)
            journey = await tx.get_one(Journey, request.journey_id)
            last = request.next_step is None
            moved = await close_step(tx, journey, due_of(request), kind, status, reason, last=last)
        return StepResult(status="moved" if moved else status, reason=reason)


def _render(text: str, context: dict[str, Any]) -> str:
    """A short text of a step with Liquid in it, as one line."""
    return one_line(parse(SourceFile("step", text)).run(context, []))


def due_of(request: StepRequest) -> Due:
    """The request as the store takes it."""
    return Due(**request.model_dump())
