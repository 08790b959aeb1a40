"""The clock of one webinar: its people are told of every change, and who came is settled after its end."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy

from domain import names
from workflows.notices import Notice

RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
# A slice works for some seconds; the heartbeat tells a dead worker from a busy one.
SLICE_TIMEOUT = timedelta(minutes=2)
HEARTBEAT = timedelta(seconds=30)


class WebinarInput(BaseModel):
    """Which webinar."""

    schema_version: int = 1
    webinar_id: UUID


class WebinarWork(BaseModel):
    """What `webinar.work` is asked: to do what is due about it, for some seconds."""

    webinar_id: UUID


class WebinarTurn(BaseModel):
    """What came of it, by the row of `revision`.

    `again`: there is more to do at once. `wait`: until the real moment `until`. `over`: there is nothing left to do.
    """

    status: Literal["again", "wait", "over"]
    duty: str
    revision: int
    until: datetime | None = None


class WebinarResult(BaseModel):
    """How many slices of work there were."""

    slices: int


@workflow.defn(name="Webinar")
class Webinar:
    """The rows say what is to be done and for whom; this waits and has it done.

    Signal `notice` says that the webinar was changed. Each change starts it again where it had ended.
    """

    @workflow.init
    def __init__(self, given: WebinarInput) -> None:  # noqa: ARG002 - taken over in run
        self._news = 0
        self._slices = 0

    @workflow.run
    async def run(self, given: WebinarInput) -> WebinarResult:
        """Work and wait, until there is nothing left."""
        while True:
            news = self._news
            result = await self._work(given)
            if result.status == "wait" and result.until is not None:
                await self._wait(result, news)
            elif result.status == "over" and self._news == news:
                workflow.set_current_details("Everybody was told, and everybody's part is settled.")
                return WebinarResult(slices=self._slices)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(given)

    @workflow.signal(name=names.NOTICE)
    def notice(self, notice: Notice) -> None:  # noqa: ARG002 - the rows say the rest
        """The row changed: look again."""
        self._news += 1

    async def _work(self, given: WebinarInput) -> WebinarTurn:
        workflow.set_current_details("Looks what is to be done.")
        self._slices += 1
        result: WebinarTurn = await workflow.execute_activity(
            names.WEBINAR,
            WebinarWork(webinar_id=given.webinar_id),
            result_type=WebinarTurn,
            start_to_close_timeout=SLICE_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRY,
            summary="tell people, record who came, settle",
        )
        return result

    async def _wait(self, result: WebinarTurn, news: int) -> None:
        """Until its time, or until the webinar is changed."""
        if result.until is None or result.until <= workflow.now():
            return
        shown = f"{result.until:%d %b %Y %H:%M}"
        workflow.set_current_details(f"Waits until {shown}.")
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._news > news,
                timeout=result.until - workflow.now(),
                timeout_summary=f"wait until {shown} → {result.duty}",
            )
