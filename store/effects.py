"""What steps do that happen in rows alone: one function a kind, one line in `EFFECTS`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.conditions import first_unmet
from domain.events import Incoming
from domain.names import derived
from domain.plans import following, way
from domain.sequences import Sequence, Step
from domain.steps.attribute import Attributes
from domain.steps.branch import Branch
from domain.steps.event import OwnEvent
from domain.steps.in_app import InApp
from domain.steps.split import Split
from domain.steps.tag import Tags
from domain.steps.task import Task
from domain.steps.wait_for import WaitFor
from store import inbox, waiting
from store.base import now
from store.contacts import Contact
from store.describing import facts_of
from store.events import Event
from store.experiments import assigned
from store.facts import sunset
from store.facts.leads import OURS
from store.inapp import InAppMessage, refused
from store.journeys import Journey
from store.tasks import add_task

Fill = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of one journey that is carried out now, under its contact's lock. `fill` renders Liquid of the step."""

    tx: AsyncSession
    clock: Clock
    definition: Sequence
    step: Step
    journey: Journey
    contact: Contact
    phase: str
    fill: Fill


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `go` is where a step that decides leads to; `waiting` keeps the journey where it stands."""

    reason: str = ""
    decides: bool = False
    go: str | None = None
    waiting: bool = False


Effect = Callable[[Moment], Awaitable[Outcome]]


async def _tag(at: Moment) -> Outcome:
    at.contact.tags = at.step.read(Tags).on(at.contact.tags)
    return Outcome()


async def _attribute(at: Moment) -> Outcome:
    values = at.step.read(Attributes).values
    kept = {name: value for name, value in {**at.contact.attributes, **values}.items() if value is not None}
    at.contact.attributes = kept
    return Outcome()


async def _task(at: Moment) -> Outcome:
    task = at.step.read(Task)
    origin = f"{at.journey.id}:{at.step.key}"
    await add_task(at.tx, origin, task.kind, at.fill(task.title), at.contact.id, task.priority, about=at.journey.about)
    return Outcome()


async def _in_app(at: Moment) -> Outcome:
    if reason := refused(at.contact, at.definition.lane, at.definition.topic):
        return Outcome(reason)
    message = at.step.read(InApp)
    row_id = derived("in_app", at.journey.id, at.step.key)
    if await at.tx.get(InAppMessage, row_id) is None:
        lives = at.clock.real_span(timedelta(seconds=message.expires.nominal_s))
        at.tx.add(
            InAppMessage(
                id=row_id,
                contact_id=at.contact.id,
                journey_id=at.journey.id,
                step=at.step.key,
                title=at.fill(message.title),
                body=at.fill(message.body),
                url=at.fill(message.url),
                expires_at=now() + lives,
            )
        )
    return Outcome()


async def _event(at: Moment) -> Outcome:
    entry = await at.tx.get_one(Event, at.journey.entry_event)
    told = Incoming(
        type=at.step.read(OwnEvent).type,
        source=OURS,
        sender_id=f"step:{at.journey.id}:{at.step.key}",
        payload={**entry.payload, "contact_id": str(at.contact.id), "sequence": at.definition.sequence},
    )
    event = await inbox.append(at.tx, told, at.contact.id)
    if event is not None and event.type == sunset.ENDS:
        # It holds from this transaction on, as a fold of an event from outside would.
        await sunset.settled(at.tx, event, at.contact)
    return Outcome()


async def _branch(at: Moment) -> Outcome:
    when = at.step.read(Branch).when
    unmet = first_unmet(when, await facts_of(at.tx, at.journey, at.contact, when))
    name = "else" if unmet else "then"
    told = unmet.sentence() if unmet else "; ".join(condition.sentence() for condition in when)
    return Outcome(f"{name}: {told}", decides=True, go=way(at.definition, at.step.key, name))


async def _split(at: Moment) -> Outcome:
    split = at.step.read(Split)
    weights = {name: variant.weight for name, variant in at.step.variants.items()}
    variant = await assigned(at.tx, split.experiment, at.contact.id, at.journey.id, weights, split.holdout)
    # One that is held out, or whose variant is gone since, goes on behind the split.
    return Outcome(variant, decides=True, go=way(at.definition, at.step.key, variant))


async def _wait_for(at: Moment) -> Outcome:
    wanted = at.step.read(WaitFor)
    if at.journey.waits.get("step") != at.step.key:
        await waiting.arrive(at.tx, at.journey, at.step.key, wanted)
    if await waiting.has_come(at.tx, at.journey):
        waiting.leave(at.journey)
        return Outcome(wanted.event, decides=True, go=way(at.definition, at.step.key, "then"))
    if at.phase == "timeout":
        waiting.leave(at.journey)
        return Outcome("not_in_time", decides=True, go=way(at.definition, at.step.key, "else"))
    return Outcome(waiting=True)


async def _nothing(at: Moment) -> Outcome:
    """A wait that is the plan's last step: there is only the journey to close."""
    return Outcome(decides=True, go=following(at.definition)[at.step.key])


EFFECTS: dict[str, Effect] = {
    "tag": _tag,
    "attribute": _attribute,
    "task": _task,
    "in_app": _in_app,
    "event": _event,
    "branch": _branch,
    "split": _split,
    "wait_for": _wait_for,
    "wait": _nothing,
    "wait_until": _nothing,
}
