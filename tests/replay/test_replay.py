"""Recorded histories are replayed by the code as it is now: a journey that waits survives every deploy."""

from __future__ import annotations

import os
import re
import socket
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from domain import names
from engine import data_converter
from tests.histories import loaded, words
from worker import WORKFLOWS, sandbox
from workflows.contact_sequence import ContactSequence
from workflows.journey import JourneyInput, JourneyResult
from workflows.notices import Notice

FOLDER = Path(__file__).parent / "histories"
RECORDED = sorted(path.stem for path in FOLDER.glob("*.json"))
# `1234@host` in the SDK's own words, and addresses: neither has a place in a file that is kept.
SOMEBODY = re.compile(r"[\w.+-]+@[\w-]+")


def history(name: str) -> WorkflowHistory:
    return loaded((FOLDER / f"{name}.json").read_text(encoding="utf-8"), f"recorded/{name}")


def replayer(*workflows: type) -> Replayer:
    return Replayer(workflows=workflows, data_converter=data_converter(), workflow_runner=sandbox())


@pytest.mark.parametrize("name", RECORDED)
async def test_a_recorded_history_is_replayed_by_the_code_of_today(name: str) -> None:
    await replayer(*WORKFLOWS).replay_workflow(history(name))


def test_every_workflow_is_recorded_three_ways_or_more() -> None:
    recorded = [name.partition(".")[0] for name in RECORDED]
    wanted = {re.sub(r"(?<=.)(?=[A-Z])", "_", one.__name__).lower() for one in WORKFLOWS}
    assert {name for name in wanted if recorded.count(name) < 3} == set()
    assert set(recorded) == wanted


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_history_names_no_person_and_no_machine(name: str) -> None:
    text = words(history(name))
    assert SOMEBODY.findall(text) == []
    assert socket.gethostname() not in text
    assert os.sep + "home" not in text


def test_a_name_in_a_history_would_be_found() -> None:
    assert SOMEBODY.findall("from 4711@host-7 to ada@example.com") == ["4711@host-7", "ada@example"]


@workflow.defn(name="ContactSequence", sandboxed=False)
class Hasty(ContactSequence):
    """A copy that waits before everything else: the kind of change that breaks what is running."""

    @workflow.init
    def __init__(self, given: JourneyInput) -> None:
        super().__init__(given)

    @workflow.run
    async def run(self, given: JourneyInput) -> JourneyResult:
        await workflow.sleep(timedelta(minutes=1))
        return await super().run(given)

    @workflow.signal(name=names.NOTICE)
    def notice(self, notice: Notice) -> None:
        super().notice(notice)


@pytest.mark.parametrize("name", ["contact_sequence.plain", "contact_sequence.held", "contact_sequence.exited"])
async def test_a_change_that_breaks_what_is_running_is_caught(name: str) -> None:
    with pytest.raises(NondeterminismError):
        await replayer(Hasty).replay_workflow(history(name))
