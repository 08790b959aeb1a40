"""What each kind of step does in the rows."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from domain.errors import Conflict
from domain.plans import following, landing
from domain.sequences import Sequence
from domain.steps.split import HOLDOUT, choose
from store.contacts import Contact
from store.db import Database
from store.events import Action, Event
from store.experiments import Assignment, results
from store.inapp import InAppMessage
from store.journeys import Journey
from store.ledger import Due
from store.steps import Carried, carry_out
from store.tasks import Task, finish_task
from tests.core_kit import DAY, World, hours_ago, new_world, purchase, somebody


@pytest.fixture
async def world(db: Database) -> World:
    return await new_world(db)


def sequence(*steps: Any, **given: Any) -> Sequence:
    """A sequence that its own event begins."""
    name = f"tried_{uuid4().hex[:8]}"
    plain = {"sequence": name, "name": "Tried", "entry": {"event": name}, "steps": list(steps)}
    return Sequence.model_validate({**plain, **given})


async def begun(world: World, definition: Sequence, email: str | None = None, **payload: Any) -> Journey:
    """Somebody's journey in it."""
    await world.publish(definition)
    who = email or somebody()
    await world.tell(definition.entry.event, who, **payload)
    await world.route()
    return await world.journey(who, definition.sequence)


def fill(text: str, context: dict[str, Any]) -> str:
    """As Liquid would, for the two words that these tests use."""
    payload, contact = context["payload"], context["contact"]
    return text.replace("{{ payload.feature }}", str(payload.get("feature"))).replace(
        "{{ name }}", contact["first_name"]
    )


async def carry(world: World, journey: Journey, key: str, phase: str = "", **given: Any) -> Carried:
    """Carry the step out, as its activity does."""
    async with world.db.transaction() as tx:
        definition = await world.definitions.of(tx, journey.sequence, journey.version)
        after = following(definition).get(key)
        due = Due(journey.id, journey.contact_id, key, hours_ago(0), after, phase=phase, **given)
        return await carry_out(tx, world.definitions, world.clock, due, fill)


async def one(world: World, statement: Any) -> Any:
    async with world.db.transaction() as tx:
        return (await tx.execute(statement)).scalar_one()


async def again(world: World, journey: Journey) -> Journey:
    async with world.db.transaction() as tx:
        return await tx.get_one(Journey, journey.id)


async def test_tags_and_attributes_are_written_once_and_seen_by_conditions(world: World) -> None:
    email = somebody()
    steps = {"tag": {"add": ["warm"], "remove": ["cold"]}}, {"attribute": {"plan": "pro", "old": None}}
    journey = await begun(world, sequence(*steps), email, tags=["cold", "B2B"], attributes={"old": 1})
    assert (await carry(world, journey, "tag")).status == "done"
    assert (await carry(world, journey, "attribute")).status == "done"
    contact = await world.contact(email)
    assert (contact.tags, contact.attributes) == (["B2B", "warm"], {"plan": "pro"})
    assert (await again(world, journey)).state == "completed"


async def test_a_task_is_asked_for_once_and_done_by_one_person(world: World) -> None:
    step = {"task": {"kind": "call", "title": "Call {{ name }}", "priority": "high"}}
    journey = await begun(world, sequence(step, {"email": "demo_nurture_1"}), first_name="Ada")
    for _ in range(2):
        await carry(world, journey, "task")
    task = await one(world, select(Task).where(col(Task.contact_id) == journey.contact_id))
    assert (task.kind, task.title, task.priority) == ("call", "Call Ada", "high")
    async with world.db.transaction() as tx:
        await finish_task(tx, task.id, "user:nadia")
    async with world.db.transaction() as tx:
        with pytest.raises(Conflict, match="user:nadia"):
            await finish_task(tx, task.id, "user:tom")


async def test_an_in_app_message_names_what_it_is_about_and_ends(world: World) -> None:
    step = {"in_app": {"title": "More of {{ payload.feature }}", "url": "https://acme.example", "expires": "2d"}}
    journey = await begun(world, sequence(step, {"email": "demo_nurture_1"}), feature="reports")
    for _ in range(2):
        await carry(world, journey, "in_app")
    message = await one(world, select(InAppMessage).where(col(InAppMessage.contact_id) == journey.contact_id))
    assert message.title == "More of reports"
    assert (message.expires_at - message.created_at) / DAY == pytest.approx(2, abs=0.001)


async def test_an_event_of_our_own_begins_another_sequence_once(world: World) -> None:
    second = sequence({"email": "demo_nurture_1"})
    await world.publish(second)
    email = somebody()
    journey = await begun(world, sequence({"event": second.entry.event}), email, form="contact")
    for _ in range(2):
        await carry(world, journey, "event")
    await world.route()
    [followed] = await world.journeys(email, second.sequence)
    event = await one(world, select(Event).where(col(Event.id) == followed.entry_event))
    assert event.payload["form"] == "contact"


BRANCH = {
    "branch": [{"field": "contact.purchases", "above": 0}],
    "then": [{"email": "demo_nurture_1"}],
    "else": [{"email": "demo_nurture_2"}],
}


async def test_a_branch_reads_the_rows_as_they_are_when_it_is_reached(world: World) -> None:
    email = somebody()
    journey = await begun(world, sequence(BRANCH, {"email": "demo_nurture_3"}), email)
    first = await carry(world, journey, "branch")
    assert (first.go, first.reason) == ("demo_nurture_2", "else: contact.purchases above 0")
    await purchase(world, email, "basics")
    later = await carry(world, journey, "branch")
    assert (later.go, later.reason) == ("demo_nurture_1", "then: contact.purchases above 0")


async def test_a_branch_into_nothing_at_the_end_closes_the_journey(world: World) -> None:
    journey = await begun(world, sequence({**BRANCH, "else": []}))
    found = await carry(world, journey, "branch")
    assert (found.decides, found.go) == (True, None)
    assert (await again(world, journey)).state == "completed"


def split(**variants: float) -> dict[str, Any]:
    made = {name: {"weight": weight, "steps": [{"email": f"demo_nurture_{number}"}]}
            for number, (name, weight) in enumerate(variants.items(), 1)}  # fmt: skip
    return {"split": {"experiment": f"e_{uuid4().hex[:8]}", "holdout": 10}, "variants": made}


async def test_a_person_stays_in_their_variant_when_weights_change_and_contacts_merge(world: World) -> None:
    definition = sequence(split(a=1, b=1), {"email": "demo_nurture_5"})
    user, email = f"u-{uuid4().hex}", somebody()
    journey = await _by_user(world, definition, user)
    first = (await carry(world, journey, "split")).reason
    changed = definition.model_copy(deep=True)
    changed.steps[0].variants["a"].weight = 1000
    await world.publish(changed)
    await world.tell("signup", email, user_id=user)
    assert (await carry(world, journey, "split")).reason == first
    experiment = definition.steps[0].body["experiment"]
    assert await one(world, select(func.count()).where(col(Assignment.experiment) == experiment)) == 1


async def _by_user(world: World, definition: Sequence, user: str) -> Journey:
    await world.publish(definition)
    await world.tell(definition.entry.event, None, user_id=user)
    await world.route()
    async with world.db.transaction() as tx:
        found = select(Journey).where(col(Journey.sequence) == definition.sequence)
        return (await tx.execute(found)).scalar_one()


def test_people_are_divided_by_weight_with_a_share_held_out() -> None:
    people = [UUID(int=number) for number in range(20_000)]
    found = [choose("subject", person, {"a": 3, "b": 1}, 20) for person in people]
    shares = {name: found.count(name) / len(found) for name in ("a", "b", HOLDOUT)}
    assert shares == pytest.approx({"a": 0.6, "b": 0.2, HOLDOUT: 0.2}, abs=0.01)
    assert found == [choose("subject", person, {"a": 3, "b": 1}, 20) for person in people]
    other = [choose("sender", person, {"a": 3, "b": 1}, 20) for person in people]
    both = sum(one == two == "b" for one, two in zip(found, other, strict=True)) / len(found)
    assert both == pytest.approx(0.04, abs=0.006)  # one experiment says nothing of another


async def test_a_variants_results_can_be_read(world: World) -> None:
    definition = sequence(split(a=1, b=1), {"email": "demo_nurture_5"}, goal=["signup"])
    email = somebody()
    journey = await begun(world, definition, email)
    await carry(world, journey, "split")
    await world.tell("signup", email)
    await world.route()
    async with world.db.transaction() as tx:
        [found] = await results(tx, definition.steps[0].body["experiment"], ["signup"])
    assert (found.people, found.goals) == (1, 1)


def waiting_for(**given: Any) -> dict[str, Any]:
    wanted = {"event": "purchase_completed", "timeout": "3d", **given}
    return {"wait_for": wanted, "then": [{"email": "demo_nurture_1"}], "else": [{"email": "demo_nurture_2"}]}


async def test_an_event_that_is_waited_for_raises_the_revision_once(world: World) -> None:
    email = somebody()
    journey = await begun(world, sequence(waiting_for()), email)
    assert (await carry(world, journey, "wait_for", "arrive")).status == "waiting"
    before = (await again(world, journey)).revision
    for _ in range(2):
        await purchase(world, email, "basics")
        await world.route()
    row = await again(world, journey)
    assert (row.heard, row.revision) == ("wait_for", before + 1)
    assert (await carry(world, journey, "wait_for", "heard")).go == "demo_nurture_1"
    assert (await again(world, journey)).waits == {}


async def test_an_event_before_the_step_counts_only_where_that_is_asked_for(world: World) -> None:
    for since, go in (("here", None), ("entry", "demo_nurture_1")):
        email = somebody()
        journey = await begun(world, sequence(waiting_for(since=since)), email)
        await purchase(world, email, "basics")
        assert (await carry(world, journey, "wait_for", "arrive")).go == go


async def test_a_wait_for_this_order_is_not_ended_by_another_one(world: World) -> None:
    email = somebody()
    definition = sequence(waiting_for(event="refund", same="order"))
    journey = await begun(world, definition, email, payment_intent="pi_mine")
    await carry(world, journey, "wait_for", "arrive")
    await world.tell("refund", email, payment_intent="pi_other")
    await world.route()
    assert (await again(world, journey)).heard == ""
    await world.tell("refund", email, payment_intent="pi_mine")
    await world.route()
    assert (await again(world, journey)).heard == "wait_for"


async def test_the_timeout_goes_the_other_way_unless_the_event_has_come_unheard(world: World) -> None:
    email = somebody()
    journey = await begun(world, sequence(waiting_for()), email)
    await carry(world, journey, "wait_for", "arrive")
    assert (await carry(world, journey, "wait_for", "heard")).status == "waiting"  # a forged word changes nothing
    await purchase(world, email, "basics")  # durable, and not dispatched yet
    assert (await carry(world, journey, "wait_for", "timeout")).go == "demo_nurture_1"
    late = await begun(world, sequence(waiting_for()))
    await carry(world, late, "wait_for", "arrive")
    over = await carry(world, late, "wait_for", "timeout")
    assert (over.go, over.reason) == ("demo_nurture_2", "not_in_time")


async def test_a_step_of_a_journey_that_is_held_or_over_changes_nothing(world: World) -> None:
    email = somebody()
    journey = await begun(world, sequence({"tag": {"add": ["late"]}}, {"email": "demo_nurture_1"}), email)
    await world.tell("unsubscribed", email)
    assert (await carry(world, journey, "tag")).status == "ended"
    assert "late" not in (await world.contact(email)).tags


async def test_a_step_whose_time_had_passed_is_written_down_and_not_done(world: World) -> None:
    email = somebody()
    journey = await begun(world, sequence({"tag": {"add": ["late"]}}, {"email": "demo_nurture_1"}), email)
    assert (await carry(world, journey, "tag", past=True)).status == "skipped"
    assert "late" not in (await world.contact(email)).tags
    action = await one(world, select(Action).where(col(Action.target) == f"{journey.sequence}.tag"))
    assert action.reason == "past"


async def test_an_anchor_that_nobody_knows_opens_no_journey_and_says_so(world: World) -> None:
    definition = sequence({"email": "demo_nurture_1", "at": "-1d"}, anchor="payload.starts_at")
    email = somebody()
    await world.publish(definition)
    await world.tell(definition.entry.event, email)
    await world.route()
    assert await world.journeys(email, definition.sequence) == []
    action = await one(world, select(Action).where(col(Action.target) == definition.sequence))
    assert action.reason == "no_anchor"


async def test_an_anchor_is_kept_in_the_row_and_the_first_step_is_due_by_it(world: World) -> None:
    definition = sequence({"email": "demo_nurture_1", "at": "-24h"}, anchor="payload.starts_at")
    starts_at = hours_ago(-72)
    journey = await begun(world, definition, starts_at=starts_at.isoformat())
    assert journey.anchor_at == starts_at
    assert journey.next_due_at is not None
    assert abs((journey.next_due_at - hours_ago(-48)).total_seconds()) < 5


async def test_anybody_may_be_enrolled_by_hand_where_the_sequence_says_so(world: World) -> None:
    definition = sequence({"email": "demo_nurture_1"}, entry={"manual": True})
    await world.publish(definition)
    chosen, other = somebody(), somebody()
    await world.tell("enrolment_requested", chosen, sequence=definition.sequence)
    await world.tell("enrolment_requested", other, sequence="another")
    await world.route()
    assert len(await world.journeys(chosen, definition.sequence)) == 1
    assert await world.journeys(other, definition.sequence) == []


async def test_who_comes_into_a_segment_enters_its_sequence(world: World) -> None:
    definition = sequence({"email": "demo_nurture_1"}, entry={"segment": "dormant"})
    await world.publish(definition)
    email = somebody()
    await world.tell("segment_entered", email, segment="lively")
    await world.tell("segment_entered", email, segment="dormant")
    await world.route()
    assert len(await world.journeys(email, definition.sequence)) == 1


def keys(*names: str) -> Sequence:
    return sequence(*({"email": name, "at": f"{day}d"} for day, name in enumerate(names)))


@pytest.mark.parametrize(
    ("new", "current", "done", "at"),
    [
        (("a", "b", "c"), "b", {"a"}, "b"),  # nothing changed for them
        (("a", "x", "c"), "b", {"a"}, "x"),  # their step was removed: the first after what was done
        (("a", "x", "b", "c"), "b", {"a"}, "b"),  # one was put in before: it is not for them
        (("c", "b", "a"), "b", {"a"}, "b"),
        (("a",), "b", {"a"}, None),  # nothing is left
        (("x", "y"), "b", {"a"}, "x"),  # all is new
        (("a", "b"), "b", {"a", "b"}, None),  # never twice
    ],
)
def test_where_a_journey_goes_on_in_a_new_version(
    new: tuple[str, ...], current: str, done: set[str], at: str | None
) -> None:
    assert landing(keys("a", "b", "c"), keys(*new), current, done) == at


def test_the_last_step_of_an_inner_list_is_followed_by_what_stands_behind_it() -> None:
    inner = {"branch": [{"field": "contact.tags", "has": "x"}], "then": [{"email": "a"}, {"email": "b"}]}
    outer = {**inner, "key": "outer", "then": [{"email": "c"}, {**inner, "key": "inner"}], "else": [{"email": "d"}]}
    found = following(sequence(outer, {"email": "end"}))
    assert found == {"outer": "end", "c": "inner", "inner": "end", "a": "b", "b": "end", "d": "end", "end": None}


async def test_by_hand_the_contact_is_looked_at_and_what_an_event_would_say_is_not(world: World) -> None:
    stranger, client = somebody(), somebody()
    await world.tell("signup", client)
    async with world.db.transaction() as tx:
        (await tx.get_one(Contact, (await world.contact(client)).id)).is_client = True
    for email in (stranger, client):
        await world.tell("enrolment_requested", email, sequence="demo_nurture")
        await world.tell("enrolment_requested", email, sequence="cart_recovery")
    await world.route()
    assert len(await world.journeys(stranger, "demo_nurture")) == 1
    assert await world.journeys(client, "demo_nurture") == []
    mine = col(Action.contact_id) == (await world.contact(stranger)).id
    action = await one(world, select(Action).where(col(Action.target) == "cart_recovery", mine))
    assert action.reason == "nothing_it_is_about"
