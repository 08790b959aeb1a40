"""A checkout that was not completed: reminders while the stock is held, and the release at its end."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel
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
    again_at,
    ending,
    next_of,
    reach,
)
from workflows.notices import Notice

RELEASE = "release"
UNSUBSCRIBED = "unsubscribed"
PUT_OFF = frozenset({"deferred", "hold"})
R = TypeVar("R")


class DiscountRequest(BaseModel):
    """For which cart a code is made. The row says until when its stock is held: so long the code is valid."""

    cart_id: UUID
    percent: int


class ReleaseRequest(BaseModel):
    """The cart whose stock is given back, and the journey that ends with it."""

    cart_id: UUID
    journey_id: UUID
    contact_id: UUID


@workflow.defn(name="CartRecovery")
class CartRecovery:
    """Reminds at the plan's hours, makes one code, and gives the stock back when the hold ends.

    A payment ends it at once: the row is paid before the signal is sent, and every reminder looks at the row.
    """

    @workflow.init
    def __init__(self, given: JourneyInput) -> None:
        self._given = given
        self._timeline = Timeline(given)
        self._listener = Listener(given.stand)
        self._steps: dict[str, str] = {}
        self._ended: str | None = None
        self._has_code = False

    @workflow.run
    async def run(self, given: JourneyInput) -> JourneyResult:
        """Every reminder in its time, then the release, unless it is paid before."""
        release = PlannedStep(key=RELEASE, kind=RELEASE, seconds=given.hold_seconds or 0)
        plan = [*given.steps, release]
        for index, step in enumerate(plan):
            while self._ended is None and not await reach(step, self._timeline, self._listener):
                await self._follow()
            if self._ended is None and step.kind == RELEASE:
                await self._release()
            elif self._ended is None:
                await self._remind(step, next_of(plan, index), release)
        if self._ended == UNSUBSCRIBED:
            await self._hold_out(release)
        workflow.set_current_details(f"Ended: {self._ended or 'the hold is over and the stock was released'}.")
        state = "completed" if self._ended is None else "exited"
        return JourneyResult(state=state, reason=self._ended or "", steps=self._steps)

    @workflow.signal(name=names.NOTICE)
    def notice(self, notice: Notice) -> None:
        """The cart was paid, changed or emptied; what it means is settled in `run()`."""
        self._listener.hear(notice)

    async def _follow(self) -> None:
        self._listener.unread = False
        if self._listener.stand.state not in OPEN:
            self._ended = await ending(self._given.journey_id, self._listener)

    async def _hold_out(self, release: PlannedStep) -> None:
        """Nothing more is sent to who wants no mail, but the stock is held, and given back in its time."""
        while not await reach(release, self._timeline, self._listener):
            self._listener.unread = False
        self._steps[RELEASE] = (await self._give_back()).status

    async def _remind(self, step: PlannedStep, after: PlannedStep | None, release: PlannedStep) -> None:
        """Send it, in its own time; whatever holds it back holds it at most until the release, which nothing moves."""
        if step.discounted and not self._has_code:
            await self._make_code()
        result, over = await self._ask(step, after), False
        while result.status in PUT_OFF and self._ended is None and not over:
            over = await self._wait(result, release)
            if self._ended is None:
                result = await self._ask(step, after)
        self._steps[step.key] = "skipped" if result.status in PUT_OFF else result.status
        if result.status == "ended":
            self._ended = result.reason

    async def _ask(self, step: PlannedStep, after: PlannedStep | None) -> StepResult:
        request, queue = self._timeline.request(step, after), names.queue_for(self._given.lane)
        return await self._do(names.SEND, request, StepResult, f"remind: {step.key}", queue)

    async def _wait(self, result: StepResult, release: PlannedStep) -> bool:
        """Until it may be asked for again or something changes; whether the release has come by then."""
        end = self._timeline.real_due(release)
        moment = min(again_at(result), end) if result.status == "deferred" else end
        if await self._listener.until(moment, f"wait until {self._timeline.shown(moment)} ({result.reason})"):
            return moment == end
        await self._follow()
        return False

    async def _make_code(self) -> None:
        request = DiscountRequest(cart_id=self._cart, percent=self._given.discount_percent or 0)
        await self._do(names.CART_DISCOUNT, request, StepResult, "make the discount code")
        self._has_code = True

    async def _release(self) -> None:
        result = await self._give_back()
        self._steps[RELEASE] = result.status
        if result.status == "ended":
            self._ended = result.reason

    async def _give_back(self) -> StepResult:
        request = ReleaseRequest(
            cart_id=self._cart, journey_id=self._given.journey_id, contact_id=self._given.contact_id
        )
        return await self._do(names.CART_RELEASE, request, StepResult, "release the held stock")

    @property
    def _cart(self) -> UUID:
        return self._given.about or self._given.journey_id

    async def _do(
        self, name: str, request: BaseModel, result_type: type[R], summary: str, queue: str | None = None
    ) -> R:
        result: R = await workflow.execute_activity(
            name,
            request,
            result_type=result_type,
            task_queue=queue,
            start_to_close_timeout=ACTIVITY_TIMEOUT,
            retry_policy=RETRY,
            summary=summary,
        )
        return result
