"""What a webinar's workflow has to do, read from the rows, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.clock import Clock
from domain.events import Incoming
from domain.webinars import Duty, Standing, Turn, WebinarRules, outcome, turn
from store.base import now
from store.tasks import add_task
from store.webinars import OURS, Registration, Webinar

SLICE = 100


@dataclass(frozen=True, slots=True)
class Work:
    """One slice: the webinar as it is, what is due, and the events that say it of each person."""

    webinar: Webinar
    turn: Turn
    events: list[Incoming]


async def work(tx: AsyncSession, clock: Clock, rules: WebinarRules, webinar_id: UUID) -> Work | None:
    """What is due now, for the next hundred people; None where there is no such webinar."""
    webinar = await tx.get(Webinar, webinar_id)
    if webinar is None:
        return None
    heard = webinar.listed_at is not None or await _any(tx, webinar, Registration.attended_at.is_not(None))
    due = turn(await _standing(tx, clock, rules, webinar, heard=heard), now())
    if due.duty == "ask":
        title = f"Who came to {webinar.code}, {webinar.title}?"
        await add_task(tx, f"webinar:{webinar.id}", "webinar_attendance", title, None)
    places = await _whom(tx, webinar, due.duty)
    return Work(webinar, due, [_said(webinar, due.duty, place, heard=heard) for place in places])


async def _standing(tx: AsyncSession, clock: Clock, rules: WebinarRules, webinar: Webinar, *, heard: bool) -> Standing:
    def after(seconds: int) -> timedelta:
        return clock.real_span(timedelta(seconds=seconds))

    return Standing(
        canceled=webinar.state == "canceled",
        ends_at=webinar.ends_at,
        settle_at=webinar.ends_at + after(rules.settle_after.nominal_s),
        give_up_at=webinar.ends_at + after(max(rules.settle_after.nominal_s, rules.give_up_after.nominal_s)),
        untold=await _any(tx, webinar, _meant(webinar, "announce")),
        unrecorded=await _any(tx, webinar, _meant(webinar, "record")),
        heard=heard,
        unsettled=await _any(tx, webinar, _meant(webinar, "settle")),
    )


def _meant(webinar: Webinar, duty: Duty) -> ColumnElement[bool]:
    """Whom a duty is about."""
    if duty == "announce":
        return col(Registration.told) < webinar.schedule
    if duty == "record":
        return and_(Registration.listed.is_(True), Registration.attended_at.is_(None))
    # Registered after its end means that it was told late, or written down for the record: nobody waits for a mail.
    in_time = or_(Registration.registered_at < webinar.ends_at, Registration.attended_at.is_not(None))
    return and_(Registration.settled == "", in_time)


async def _any(tx: AsyncSession, webinar: Webinar, which: ColumnElement[bool]) -> bool:
    found = select(exists().where(Registration.webinar_id == webinar.id, which))
    return bool((await tx.execute(found)).scalar_one())


async def _whom(tx: AsyncSession, webinar: Webinar, duty: Duty) -> Sequence[Registration]:
    if duty not in {"announce", "record", "settle"}:
        return ()
    meant = select(Registration).where(Registration.webinar_id == webinar.id, _meant(webinar, duty))
    return (await tx.execute(meant.order_by(Registration.id).limit(SLICE))).scalars().all()


def _said(webinar: Webinar, duty: Duty, place: Registration, *, heard: bool) -> Incoming:
    """The event that says it; folding it marks the place, so that the next slice is about others."""
    about = {"contact_id": str(place.contact_id), "webinar": webinar.code}
    if duty == "record":
        return Incoming(
            type="webinar_attended",
            source=OURS,
            sender_id=f"attended:{place.id}",
            occurred_at=webinar.starts_at,
            payload=about,
        )
    if duty == "settle":
        attendance = outcome(attended=place.attended_at is not None, heard=heard)
        return Incoming(
            type="webinar_over",
            source=OURS,
            sender_id=f"over:{place.id}",
            payload={**about, "attendance": attendance},
        )
    canceled = webinar.state == "canceled"
    return Incoming(
        type="webinar_canceled" if canceled else "webinar_moved",
        source=OURS,
        sender_id=f"schedule:{place.id}:{webinar.schedule}",
        payload={**about, "schedule": webinar.schedule, "time_changed": webinar.time_changed},
    )


async def nothing_of(tx: AsyncSession, duty: Duty, event: Incoming) -> None:
    """A person of whom it cannot be said: erased meanwhile, or said before. They are not asked for again."""
    named = select(Webinar.id).where(Webinar.code == event.payload["webinar"]).scalar_subquery()
    done = {
        "announce": {"told": event.payload.get("schedule", 0)},
        "record": {"listed": False},
        "settle": {"settled": "unknown"},
    }[duty]
    place = and_(Registration.webinar_id == named, Registration.contact_id == UUID(event.payload["contact_id"]))
    await tx.execute(update(Registration).where(place).values(**done))
