"""Records a history of every way that a workflow can go: `python -m tests.replay.record [NAME…]`, for new ways.

The histories are replayed against the code of every later version, so that one that is there is kept as it is: only
what begins with a NAME is recorded, and without one what is missing. What they hold of the machine that made them is
taken out; personal data is never in them.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain import names
from domain.sequences import Sequence
from embedded.progress import Progress
from embedded.testserver import start_test_server
from engine import data_converter
from tests.core_kit import shipped
from tests.workflows.journey_kit import DAY, HOUR, Handle, Run, running
from tests.workflows.test_atomization import KINDS, Drafter
from tests.workflows.test_brand_launch import Rows as Launched
from tests.workflows.test_brand_launch import launched
from tests.workflows.test_brand_launch import tell as told
from tests.workflows.test_brand_launch import until as written
from tests.workflows.test_campaign import AGAIN, HELD, OVER, Machine, asked, sending, tell, waits
from tests.workflows.test_content_approval import Row as ReviewRow
from tests.workflows.test_content_approval import running as reviewing
from tests.workflows.test_content_approval import until
from tests.workflows.test_engagement_sweep import Crowd, swept
from tests.workflows.test_erasure import Outside
from tests.workflows.test_lead_intake import Systems
from tests.workflows.test_order_intake import Processor
from tests.workflows.test_personalization import Model
from tests.workflows.test_webinar import Rows
from tests.workflows.test_webinar import Systems as Registering
from worker import WORKFLOWS, sandbox
from workflows.asset_draft import AssetAnswer, AssetDraftInput
from workflows.atomization import AtomizationInput
from workflows.contact_import import ImportInput, SliceRequest, SliceResult
from workflows.erasure import ErasureInput
from workflows.journey import PlanResult, StepResult
from workflows.lead_intake import LeadInput, Pushed
from workflows.notices import Notice
from workflows.order_intake import OrderInput
from workflows.personalization import PersonalizationInput
from workflows.planning import planned
from workflows.rehearsal import RehearsalInput, RehearsalResult
from workflows.sequence_change import ChangeInput, ChangeSlice
from workflows.source_reading import SourceReadingInput, SourceReadingResult
from workflows.team_notice import TeamNoticeInput
from workflows.webinar import WebinarInput, WebinarTurn
from workflows.webinar_registration import RegistrationInput, Told

FOLDER = Path(__file__).parent / "histories"
RECORDER = "recorder"
Env = WorkflowEnvironment
Recorded = tuple[str, str]
NURTURE, FOLLOWUP, CART = shipped("demo_nurture"), shipped("purchase_followup"), shipped("cart_recovery")


async def text_of(handle: Any) -> str:
    """The history without the name of the process and machine that made it."""
    history = (await handle.fetch_history()).to_json_dict()
    return json.dumps(_anonymous(history), indent=1, sort_keys=True) + "\n"


def _anonymous(node: Any) -> Any:
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if key != "binaryChecksum"}
        return {key: RECORDER if key == "identity" else _anonymous(value) for key, value in kept.items()}
    if isinstance(node, list):
        return [_anonymous(value) for value in node]
    return re.sub(r"^\d+@\S+$", RECORDER, node) if isinstance(node, str) else node


async def journey(env: Env, name: str, plan: Any, act: Callable[[Run], Awaitable[None]], **given: Any) -> Recorded:
    async with running(env, plan, **given) as run:
        await act(run)
        await run.result()
        return name, await text_of(run.handle)


async def nothing(_: Run) -> None:
    """It is left alone."""


def held(after: timedelta, span: timedelta, times: int = 1) -> Callable[[Run], Awaitable[None]]:
    async def act(run: Run) -> None:
        for _ in range(times):
            await run.row.env.sleep(after)
            await run.tell(run.row.change("paused", "demo_booked"))
            await run.row.env.sleep(span)
            await run.tell(run.row.change("running", shift=span))

    return act


def ended(after: timedelta, reason: str) -> Callable[[Run], Awaitable[None]]:
    async def act(run: Run) -> None:
        await run.row.env.sleep(after)
        await run.tell(run.row.change("exited", reason))

    return act


async def forged(run: Run) -> None:
    await run.row.env.sleep(2 * DAY)
    await run.tell(run.row.notice(revision=10**6, state="exited", reason="forged"))
    await run.until("look")


async def merged(run: Run) -> None:
    await run.row.env.sleep(3 * DAY)
    await run.tell(run.row.change("running"))


async def found_held(run: Run) -> None:
    await run.until("purchase_day_0")
    await run.tell(run.row.change("paused", "demo_booked"))
    await run.row.env.sleep(1 * DAY)
    await run.tell(run.row.change("running", shift=1 * DAY))


async def paid_before_release(run: Run) -> None:
    await run.row.env.sleep(49 * HOUR)
    await run.until("cart_48h")
    run.row.paid = True


async def journeys(env: Env) -> AsyncIterator[Recorded]:
    """Every way of a journey."""
    name = "contact_sequence"
    yield await journey(env, f"{name}.plain", NURTURE, nothing)
    yield await journey(env, f"{name}.held", NURTURE, held(10 * DAY, 5 * DAY))
    yield await journey(env, f"{name}.held_twice", NURTURE, held(3 * DAY, 5 * DAY, times=2))
    yield await journey(env, f"{name}.held_from_the_start", FOLLOWUP, held(1 * DAY, 1 * DAY), state="paused")
    yield await journey(env, f"{name}.exited", NURTURE, ended(10 * DAY, "unsubscribed"))
    yield await journey(env, f"{name}.forged", FOLLOWUP, forged)
    yield await journey(env, f"{name}.merged", FOLLOWUP, merged)
    hold = {"purchase_day_0": [StepResult(status="hold", reason="demo_booked")]}
    yield await journey(env, f"{name}.found_held", FOLLOWUP, found_held, answers=hold)
    over = {"demo_nurture_2": [StepResult(status="ended", reason="unsubscribed")]}
    yield await journey(env, f"{name}.found_ended", NURTURE, nothing, answers=over)
    yield await journey(env, f"{name}.late", NURTURE, nothing, began=20 * DAY)
    yield await journey(env, f"{name}.steps_that_are_no_mail", shipped("demo_confirmation"), nothing)
    name = "cart_recovery"
    yield await journey(env, f"{name}.released", CART, nothing)
    yield await journey(env, f"{name}.paid_at_once", CART, ended(timedelta(minutes=1), "cart_paid"))
    yield await journey(env, f"{name}.paid_between", CART, ended(2 * HOUR, "cart_paid"))
    yield await journey(env, f"{name}.paid_with_code", CART, ended(30 * HOUR, "cart_paid"))
    yield await journey(env, f"{name}.changed", CART, merged_cart)
    yield await journey(env, f"{name}.paid_before_release", CART, paid_before_release)


async def merged_cart(run: Run) -> None:
    await run.row.env.sleep(2 * HOUR)
    await run.tell(run.row.change("running"))


Deciding = Callable[[ReviewRow, Any], Awaitable[None]]


def decided(*states: str) -> Deciding:
    async def act(row: ReviewRow, handle: Any) -> None:
        await until(row, "requested")
        for state in states:
            await handle.signal(names.NOTICE, row.change(state))
            if state == "regenerated":
                await until(row, "revise")
                await asyncio.sleep(0.3)

    return act


async def undecided(_row: ReviewRow, _handle: Any) -> None:
    """Nobody answers."""


async def forged_decision(row: ReviewRow, handle: Any) -> None:
    await until(row, "requested")
    await handle.signal(names.NOTICE, Notice(revision=10**6, state="approved", at=row.since))
    await until(row, "look")


async def reviews(env: Env) -> AsyncIterator[Recorded]:
    """Every way of a review."""
    ways: dict[str, tuple[Deciding, dict[str, Any]]] = {
        "approved": (decided("approved"), {}),
        "rejected": (decided("rejected"), {}),
        "regenerated": (decided("regenerated", "approved"), {}),
        "expired": (undecided, {}),
        "unasked": (undecided, {"state": "approved"}),
        "forged": (forged_decision, {}),
    }
    for name, (act, given) in ways.items():
        async with reviewing(env, **given) as (row, handle):
            await act(row, handle)
            await handle.result()
            yield f"content_approval.{name}", await text_of(handle)


@asynccontextmanager
async def serving(env: Env, doers: list[Callable[..., Any]]) -> AsyncIterator[str]:
    queue = f"record-{uuid4()}"
    async with Worker(env.client, task_queue=queue, workflows=WORKFLOWS, activities=doers, workflow_runner=sandbox()):
        yield queue


async def intake(env: Env, name: str, workflow: str, given: Any, doers: list[Callable[..., Any]]) -> Recorded:
    async with serving(env, doers) as queue:
        handle: Handle = await env.client.start_workflow(workflow, given, id=f"record/{uuid4()}", task_queue=queue)
        await handle.result()
        return name, await text_of(handle)


async def intakes(env: Env) -> AsyncIterator[Recorded]:
    """Every way of what is done at once."""
    lead = "lead_intake"
    for way, systems in {
        "plain": Systems(),
        "client": Systems(crm=Pushed(accepted=True, is_client=True)),
        "crm_away": Systems(crm_away=3),
        "crm_refuses": Systems(crm=Pushed(accepted=False, reason="rejected"), platform_away=1),
    }.items():
        doers: list[Callable[..., Any]] = [systems.push_crm, systems.push_platform, systems.finish]
        yield await intake(env, f"{lead}.{way}", "LeadIntake", LeadInput(contact_id=uuid4(), event_id=uuid4()), doers)
    for way, processor in {"plain": Processor(2), "away": Processor(1, away=3), "unknown": Processor(0)}.items():
        order = OrderInput(event_id=uuid4())
        yield await intake(env, f"order_intake.{way}", "OrderIntake", order, [processor.resolve])
    asks: dict[str, tuple[Literal["profile", "recommendations"], Model]] = {
        "profile": ("profile", Model()),
        "recommendations": ("recommendations", Model()),
        "away": ("profile", Model("model_away", away=3)),
    }
    for way, (wanted, model) in asks.items():
        asking = PersonalizationInput(contact_id=uuid4(), event_id=uuid4(), wanted=wanted)
        yield await intake(env, f"personalization.{way}", "Personalization", asking, model.doers)
    for way, outside in {
        "plain": Outside(running=[2]),
        "insists": Outside(stubborn=True),
        "given_up": Outside(away=None),
    }.items():
        forgetting = ErasureInput(erasure_id=uuid4(), contact_id=uuid4())
        yield await intake(env, f"erasure.{way}", "Erasure", forgetting, outside.doers)
    now = await env.get_current_time()
    release = AtomizationInput(event_id=uuid4(), kinds=KINDS, epoch=now, factor=1.0)
    for way, drafter in {
        "plain": Drafter(),
        "away": Drafter(away={"thread": 3}),
        "one_fails": Drafter(broken="linkedin"),
    }.items():
        yield await intake(env, f"atomization.{way}", "Atomization", release, [drafter.draft])


def sequence(*steps: Any, **more: Any) -> Sequence:
    """A sequence of these steps."""
    plain = {"sequence": "tried", "name": "Tried", "entry": {"event": "signup"}, "steps": list(steps)}
    return Sequence.model_validate({**plain, **more})


def goes(step: str) -> StepResult:
    return StepResult(status="done", decides=True, go=step)


BOUGHT = {
    "wait_for": {"event": "purchase_completed", "timeout": "3d"},
    "key": "bought",
    "then": [{"email": "thanks"}],
    "else": [{"email": "still"}],
}
WAITED_FOR = sequence({"email": "a"}, BOUGHT, {"wait": "1d"}, {"email": "end"})
BRANCHED = sequence(
    {"branch": [{"field": "contact.is_client", "is": True}], "then": [{"email": "a"}], "else": [{"wait": "1d"}]},
    {"wait_until": {"time": "09:00"}},
    {"tag": {"add": ["x"]}},
    {"discount": {"percent": 20, "valid": "48h"}},
    {"email": "b"},
)
BEFORE = sequence({"email": "week", "at": "-7d"}, {"email": "day", "at": "-1d"}, anchor="payload.starts_at")


async def heard(run: Run) -> None:
    await run.until("bought")
    await run.row.env.sleep(1 * DAY)
    run.row.heard = "bought"
    await run.tell(run.row.change("running"))


async def anchor_moves(run: Run) -> None:
    await run.row.env.sleep(4 * DAY)
    run.row.anchor_at = run.row.started_at + 20 * DAY
    await run.tell(run.row.change("running"))


async def moves_on(run: Run) -> None:
    await run.row.env.sleep(5 * DAY)
    plan = sequence({"email": "a"}, {"email": "b", "at": "2d"}, {"email": "d", "at": "6d"})
    run.row.plan, run.row.version = PlanResult(version=2, steps=planned(plan), at="b"), 2
    await run.tell(run.row.change("running"))


MOVED = StepResult(status="moved")


async def told_by_the_answer(run: Run) -> None:
    plan = sequence({"email": "a"}, {"email": "b", "at": "12d"}, {"email": "d", "at": "16d"})
    run.row.change("running", shift=1 * DAY)
    run.row.plan = PlanResult(version=2, steps=planned(plan), at="b", stand=run.row.notice(version=2))


async def graphs(env: Env) -> AsyncIterator[Recorded]:
    """Every way of a plan that is a graph."""
    name, waiting = "contact_sequence.graph", StepResult(status="waiting")
    yield await journey(env, f"{name}_plain", NURTURE, nothing)
    yield await journey(env, f"{name}_branch", BRANCHED, nothing, answers={"branch": [goes("wait")]})
    yield await journey(env, f"{name}_heard", WAITED_FOR, heard, answers={"bought": [waiting, goes("thanks")]})
    yield await journey(env, f"{name}_timeout", WAITED_FOR, nothing, answers={"bought": [waiting, goes("still")]})
    yield await journey(env, f"{name}_anchor", BEFORE, anchor_moves, anchor=10 * DAY)
    version = sequence({"email": "a"}, {"email": "b", "at": "10d"}, {"email": "c", "at": "20d"})
    yield await journey(env, f"{name}_version", version, moves_on)
    yield await journey(env, f"{name}_outdated", version, told_by_the_answer, answers={"b": [MOVED]})
    until = await env.get_current_time() + 9 * HOUR
    deferred = {"a": [StepResult(status="deferred", reason="quiet_hours", until=until)]}
    yield await journey(env, f"{name}_deferred", version, nothing, answers=deferred)


async def imports(env: Env) -> AsyncIterator[Recorded]:
    """Every task of an import, in as many slices as it takes."""
    for task, slices in (("check", 3), ("run", 2), ("undo", 1)):
        left = [SliceResult(after=number) for number in range(1, slices)]

        @activity.defn(name=names.IMPORT)
        async def carry(_: SliceRequest, left: list[SliceResult] = left) -> SliceResult:
            return left.pop(0) if left else SliceResult(after=None)

        given = ImportInput(import_id=uuid4(), task=task)
        yield await intake(env, f"contact_import.{task}", "ContactImport", given, [carry])


async def changes(env: Env) -> AsyncIterator[Recorded]:
    """A change in one slice, one that takes several, and one where there is nobody."""
    for way, reached in {"plain": [40], "long": [900, 1800, 2100], "nobody": [0]}.items():
        slices = [ChangeSlice(reached=number, more=number != reached[-1]) for number in reached]

        @activity.defn(name=names.SEQUENCE_CHANGE)
        async def carry(_: ChangeInput, slices: list[ChangeSlice] = slices) -> ChangeSlice:
            return slices.pop(0)

        yield await intake(env, f"sequence_change.{way}", "SequenceChange", ChangeInput(change_id=uuid4()), [carry])


async def rehearsals(env: Env) -> AsyncIterator[Recorded]:
    """A rehearsal that was played, one that could not be, and one whose first worker died."""
    for way, state, away in (("plain", "done", 0), ("failed", "failed", 0), ("again", "done", 2)):
        left = [away]

        @activity.defn(name=names.REHEARSE)
        async def play(_: RehearsalInput, left: list[int] = left, state: str = state) -> RehearsalResult:
            left[0] -= 1
            if left[0] >= 0:
                raise ConnectionError
            return RehearsalResult(state=state)

        given = RehearsalInput(rehearsal_id=uuid4())
        yield await intake(env, f"rehearsal.{way}", "Rehearsal", given, [play])


async def campaigns(env: Env) -> AsyncIterator[Recorded]:
    """A sending that works, one that waits for its time, and one that is held and told to go on."""
    until = await env.get_current_time() + 9 * HOUR
    for way, machine in {
        "plain": Machine([AGAIN, AGAIN, OVER]),
        "waits": Machine([waits(until), AGAIN, OVER]),
        "held": Machine([AGAIN, HELD, AGAIN, OVER]),
    }.items():
        async with sending(env, machine) as handle:
            if way == "held":
                await asked(machine, 2)
                await tell(handle, HELD.revision + 1, await env.get_current_time())
            await handle.result()
            yield f"campaign.{way}", await text_of(handle)


async def sweeps(env: Env) -> AsyncIterator[Recorded]:
    """One run of the sweep: whoever is due in one batch, in several, and with a database that is away."""
    for way, crowd in {
        "plain": Crowd([3, 0]),
        "batches": Crowd([200, 200, 7]),
        "away": Crowd([5, 0], away=2),
    }.items():
        yield f"engagement_sweep.{way}", await text_of(await swept(env, crowd))


async def made(env: Env) -> AsyncIterator[Recorded]:
    """An asset that is written, refused, or held until its time; a file that is read, refused, or read once more.

    And something that the team is told, at once or once who was away is back.
    """
    soon = await env.get_current_time() + 3 * HOUR
    answers = {
        "written": [AssetAnswer(outcome="written")],
        "failed": [AssetAnswer(outcome="failed")],
        "held": [AssetAnswer(outcome="held", until=soon), AssetAnswer(outcome="written")],
    }
    for way, left in answers.items():

        @activity.defn(name=names.ASSET)
        async def write(_: AssetDraftInput, left: list[AssetAnswer] = left) -> AssetAnswer:
            return left.pop(0)

        yield await intake(env, f"asset_draft.{way}", "AssetDraft", AssetDraftInput(asset_id=uuid4()), [write])
    for way, state, away in (("read", "read", 0), ("refused", "refused", 0), ("again", "read", 2)):
        tries = [away]

        @activity.defn(name=names.SOURCE_READ)
        async def read(_: SourceReadingInput, tries: list[int] = tries, state: str = state) -> SourceReadingResult:
            tries[0] -= 1
            if tries[0] >= 0:
                raise ConnectionError
            return SourceReadingResult(state=state)

        file = SourceReadingInput(upload_id=uuid4())
        yield await intake(env, f"source_reading.{way}", "SourceReading", file, [read])
    for way, away in (("told", 0), ("away", 1), ("away_again", 3)):
        chats = [away]

        @activity.defn(name=names.TEAM_TELL)
        async def tell_team(_: TeamNoticeInput, chats: list[int] = chats) -> None:
            chats[0] -= 1
            if chats[0] >= 0:
                raise ConnectionError

        noticed = TeamNoticeInput(notification_id=uuid4())
        yield await intake(env, f"team_notice.{way}", "TeamNotice", noticed, [tell_team])


async def launches(env: Env) -> AsyncIterator[Recorded]:
    """A launch whose assets are all decided on, one that is stopped and resumed, and one that cannot begin."""
    for way in ("plain", "stopped", "refused"):
        rows = Launched(0 if way == "refused" else 5)
        rows.state = "refused" if way == "refused" else "running"
        async with launched(env, rows) as handle:
            if way == "stopped":
                await rows.begun.wait()
                rows.state = "stopped"
                await told(handle)
            rows.go.set()
            if way == "stopped":
                await asyncio.sleep(0.3)
                rows.state = "running"
                await told(handle)
            if way != "refused":
                await written(rows, 5)
                rows.state = "done"
                await told(handle)
            await handle.result()
            yield f"brand_launch.{way}", await text_of(handle)


async def webinars(env: Env) -> AsyncIterator[Recorded]:
    """Every way of a webinar's clock, and of a registration."""
    again = WebinarTurn(status="again", duty="announce", revision=1)
    over = WebinarTurn(status="over", duty="over", revision=2)
    for way in ("plain", "changed", "nothing_left"):
        wait = WebinarTurn(status="wait", duty="wait", revision=1, until=await env.get_current_time() + 9 * DAY)
        rows = Rows({"plain": [again, wait, again, over], "changed": [wait, over], "nothing_left": [over]}[way])
        async with serving(env, [rows.work]) as queue:
            given = WebinarInput(webinar_id=uuid4())
            handle: Handle = await env.client.start_workflow("Webinar", given, id=f"record/{uuid4()}", task_queue=queue)
            if way == "changed":
                await asyncio.sleep(0.3)
                await handle.signal(names.NOTICE, Notice(revision=2, state="changed", at=await env.get_current_time()))
            await handle.result()
            yield f"webinar.{way}", await text_of(handle)
    for way, systems in {
        "plain": Registering(),
        "crm_away": Registering(crm_away=3),
        "platform_refuses": Registering(platform_says=Told(accepted=False, reason="rejected")),
    }.items():
        doers: list[Callable[..., Any]] = [systems.crm, systems.platform, systems.note]
        place = RegistrationInput(contact_id=uuid4(), event_id=uuid4(), webinar="WB003")
        yield await intake(env, f"webinar_registration.{way}", "WebinarRegistration", place, doers)


PARTS = (
    journeys, graphs, reviews, intakes, imports, changes, rehearsals, campaigns, sweeps, webinars, made, launches,
)  # fmt: skip


async def record(chosen: list[str]) -> None:
    """What is asked for, each into a file of its own."""
    env = await start_test_server(Progress(), data_converter())
    FOLDER.mkdir(exist_ok=True)
    async with env:
        for part in PARTS:
            async for name, text in part(env):
                path = FOLDER / f"{name}.json"
                if any(map(name.startswith, chosen)) or (not chosen and not path.exists()):
                    path.write_text(text, encoding="utf-8")
                    print(name)  # noqa: T201 - a person runs this and watches


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:]))
