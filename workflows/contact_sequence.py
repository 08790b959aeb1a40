"""A contact in a sequence: the plan and the clock of one row of `journeys`."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from domain import names
from workflows.journey import (
    ACTIVITY_TIMEOUT,
    OPEN,
    RETRY,
    JourneyInput,
    JourneyResult,
    Listener,
    PlannedStep,
    StepResult,
    Timeline,
    ending,
    next_of,
    reach,
)
from workflows.notices import Notice

ACTIVITIES = {"email": names.SEND, "crm": names.CRM_STEP, "platform": names.PLATFORM_STEP, "exit": names.EXIT_STEP}


@workflow.defn(name="ContactSequence")
class ContactSequence:
    """Waits for each step's time and carries it out; stops, holds and goes on as its row says.

    Signal `notice` tells that the row changed. It moves the clock, but sends nothing and ends nothing: every
    step decides by the rows, and an ending is looked up before it is believed.
    """

    @workflow.init
    def __init__(self, given: JourneyInput) -> None:
        self._given = given
        self._timeline = Timeline(given)
        self._listener = Listener(given.stand)
        self._steps: dict[str, str] = {}
        self._ended: str | None = None

    @workflow.run
    async def run(self, given: JourneyInput) -> JourneyResult:
        """Every step in its time, until the last one or an ending."""
        for index, step in enumerate(given.steps):
            while self._ended is None:
                if await self._reach(step) and await self._carry_out(index, step):
                    break
        state = "completed" if self._ended is None else "exited"
        workflow.set_current_details(f"Ended: {self._ended or 'every step was carried out'}.")
        return JourneyResult(state=state, reason=self._ended or "", steps=self._steps)

    @workflow.signal(name=names.NOTICE)
    def notice(self, notice: Notice) -> None:
        """The row changed; what it means is settled in `run()`."""
        self._listener.hear(notice)

    async def _reach(self, step: PlannedStep) -> bool:
        """Wait until the step is due; False where the journey was held, moved or ended meanwhile."""
        if self._listener.unread:
            await self._follow()
            return False
        return await reach(step, self._timeline, self._listener)

    async def _follow(self) -> None:
        """Go where the newest notice says that the row stands."""
        self._listener.unread = False
        stand = self._listener.stand
        self._timeline.shift = timedelta(seconds=stand.shift_s)
        if stand.state == "paused":
            workflow.set_current_details(f"Held: {stand.reason}. Goes on with the wait that remains.")
            await self._listener.changed()
        elif stand.state not in OPEN:
            self._ended = await ending(self._given.journey_id, self._listener)

    async def _carry_out(self, index: int, step: PlannedStep) -> bool:
        """Do the step; False where it was held and is to be reached again."""
        result: StepResult = await workflow.execute_activity(
            ACTIVITIES[step.kind],
            self._timeline.request(step, next_of(self._given.steps, index)),
            result_type=StepResult,
            task_queue=names.queue_for(self._given.lane) if step.kind == "email" else None,
            start_to_close_timeout=ACTIVITY_TIMEOUT,
            retry_policy=RETRY,
            summary=f"{step.kind} {step.key}",
        )
        if result.status == "hold":
            await self._listener.changed()
            return False
        self._steps[step.key] = result.status
        if result.status == "ended":
            self._ended = result.reason
        return True
