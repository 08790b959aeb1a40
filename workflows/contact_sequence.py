"""A contact in a sequence: the plan and the clock of one row of `journeys`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from temporalio import workflow

from domain import names
from domain.steps import KINDS
from workflows.journey import (
    ACTIVITY_TIMEOUT,
    OPEN,
    RETRY,
    JourneyInput,
    JourneyResult,
    Listener,
    LookRequest,
    Plan,
    PlannedStep,
    PlanResult,
    StepResult,
    Timeline,
    again_at,
    ending,
    reach,
)
from workflows.notices import Notice

GRAPH: Final = 2  # from this schema version on a plan says what follows what


@workflow.defn(name="ContactSequence")
class ContactSequence:
    """Waits for each step's time and carries it out; stops, holds, moves and goes on as its row says.

    Signal `notice` tells that the row changed. It moves the clock, but sends nothing and ends nothing: every
    step decides by the rows, and an ending, a new plan and an event that was waited for are looked up before they are
    believed.
    """

    @workflow.init
    def __init__(self, given: JourneyInput) -> None:
        self._given = given
        self._timeline = Timeline(given)
        self._listener = Listener(given.stand)
        self._plan = Plan(given.steps, listed=given.schema_version < GRAPH)
        self._version = given.version
        self._step = self._plan.first
        self._arrived = ""
        self._put_off_to: datetime | None = None
        self._steps: dict[str, str] = {}
        self._ended: str | None = None

    @workflow.run
    async def run(self, given: JourneyInput) -> JourneyResult:  # noqa: ARG002 - taken over in __init__
        """Every step in its time, until there is none or an ending."""
        while self._step is not None and self._ended is None:
            if self._listener.unread:
                await self._follow()
            elif self._step.kind == "wait_for":
                await self._wait_for(self._step)
            elif await reach(self._step, self._timeline, self._listener):
                await self._carry_out(self._step)
        state = "completed" if self._ended is None else "exited"
        workflow.set_current_details(f"Ended: {self._ended or 'every step was carried out'}.")
        return JourneyResult(state=state, reason=self._ended or "", steps=self._steps)

    @workflow.signal(name=names.NOTICE)
    def notice(self, notice: Notice) -> None:
        """The row changed; what it means is settled in `run()`."""
        self._listener.hear(notice)

    async def _follow(self) -> None:
        """Go where the newest notice says that the row stands."""
        self._listener.unread = False
        stand = self._listener.stand
        self._timeline.follow(stand)
        if stand.state == "paused":
            workflow.set_current_details(f"Held: {stand.reason}. Goes on with the wait that remains.")
            await self._listener.changed()
        elif stand.state not in OPEN:
            self._ended = await ending(self._given.journey_id, self._listener)
        elif stand.version not in {0, self._version}:
            await self._move()

    async def _move(self) -> None:
        """Take over the plan of the version that the row has now, and go on with what of it is not done."""
        found: PlanResult = await workflow.execute_activity(
            names.PLAN,
            LookRequest(journey_id=self._given.journey_id),
            result_type=PlanResult,
            start_to_close_timeout=ACTIVITY_TIMEOUT,
            retry_policy=RETRY,
            summary="fetch the plan of the new version",
        )
        self._plan, self._version, self._put_off_to = Plan(found.steps), found.version, None
        self._step = self._plan.get(found.at)
        if found.stand is not None and found.stand.revision >= self._listener.stand.revision:
            self._timeline.follow(found.stand)
            self._listener.believe(found.stand)
            if found.stand.state not in {*OPEN, "completed"}:
                self._ended = found.stand.reason or found.stand.state

    async def _wait_for(self, step: PlannedStep) -> None:
        """Wait for an event, at most until the timeout; the row says whether it came."""
        if self._arrived != step.key:
            if await reach(step, self._timeline, self._listener):
                result = await self._do(step, "arrive")
                if result.status == "waiting":
                    self._arrived = step.key
                    self._timeline.pass_by(self._timeline.real_due(step))
                else:
                    await self._settle(step, result)
            return
        heard = self._listener.stand.heard == step.key
        moment = self._timeline.timeout(step)
        shown = f"wait for an event until {self._timeline.shown(moment)} → {step.key}"
        workflow.set_current_details(f"{shown[0].upper()}{shown[1:]}.")
        if heard or await self._listener.until(moment, shown):
            result = await self._do(step, "heard" if heard else "timeout")
            self._listener.stand.heard = ""
            if result.status != "waiting":
                self._timeline.pass_by(workflow.now() if heard else moment)
                await self._settle(step, result)

    async def _carry_out(self, step: PlannedStep) -> None:
        """Do the step, unless it is a wait that is over."""
        if KINDS[step.kind].activity is None and step.next is not None:
            await self._settle(step, StepResult(status="done"))
        else:
            await self._settle(step, await self._do(step))

    async def _do(self, step: PlannedStep, phase: str = "") -> StepResult:
        request = self._timeline.request(step, self._plan.after(step), phase, self._put_off_to)
        result: StepResult = await workflow.execute_activity(
            KINDS[step.kind].activity or names.STEP,
            request.model_copy(update={"version": self._version}),
            result_type=StepResult,
            task_queue=names.queue_for(self._given.lane) if step.kind == "email" else None,
            start_to_close_timeout=ACTIVITY_TIMEOUT,
            retry_policy=RETRY,
            summary=f"{step.kind} {step.key}",
        )
        return result

    async def _settle(self, step: PlannedStep, result: StepResult) -> None:
        """Go on after the step, or wait where it may not be done yet."""
        if result.status == "hold":
            await self._listener.changed()
        elif result.status == "moved":
            await self._move()
        elif result.status == "deferred":
            self._put_off_to = again_at(result)
            shown = self._timeline.shown(self._put_off_to)
            workflow.set_current_details(f"{step.key} waits until {shown}: {result.reason}.")
            await self._listener.until(self._put_off_to, f"wait until {shown} → {step.key} ({result.reason})")
        else:
            self._steps[step.key] = result.status
            self._ended = result.reason if result.status == "ended" else None
            self._timeline.leave(step, self._put_off_to)
            self._put_off_to = None
            self._step = self._plan.get(result.go) if result.decides else self._plan.after(step)
