"""Webinars and who registered for them. What changes one tells its workflow, and that its people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Index, UniqueConstraint, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from domain.clock import Clock
from domain.errors import Conflict, Invalid, NotFound
from domain.events import Incoming
from domain.webinars import code_of, normal_code
from store.access import record
from store.base import at, created, now
from store.inbox import append, lock

OURS = "perennial"
CHANGED = "webinar_changed"
MAX_TITLE = 200
MAX_MINUTES = 24 * 60


class Webinar(SQLModel, table=True):
    """One webinar. `starts_at` and `ends_at` are real moments, `minutes` how long people's calendars have it.

    `state` is `planned` or `canceled`. `schedule` is raised by whatever changes what stands in people's calendars, and
    is their files' SEQUENCE; `revision` by every change. `time_changed`: whether the last was of its time.
    """

    __tablename__ = "webinars"
    __table_args__ = (Index(None, "starts_at", "id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    number: int = Field(unique=True)
    code: str = Field(unique=True)
    title: str
    description: str = ""
    starts_at: datetime = at(nullable=False)
    ends_at: datetime = at(nullable=False)
    minutes: int = 60
    zone: str = "UTC"
    join_url: str = ""
    survey_url: str = ""
    state: str = "planned"
    schedule: int = 0
    time_changed: bool = True
    revision: int = 1
    listed_at: datetime | None = at()
    created_by: str = ""
    created_at: datetime = created()
    updated_by: str = ""
    updated_at: datetime = created()


class Registration(SQLModel, table=True):
    """One person at one webinar.

    `schedule` is the webinar's when they registered, `told` the newest that they were told of. `listed` says that a
    list of who came has them. `settled` is what their follow-up counts them as: `attended`, `missed` or `unknown`.
    """

    __tablename__ = "webinar_registrations"
    __table_args__ = (
        UniqueConstraint("webinar_id", "contact_id"),
        Index(None, "contact_id"),
        Index(None, "webinar_id", "registered_at", "id"),
        Index("ix_webinar_registrations_listed", "webinar_id", postgresql_where=text("listed AND attended_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    webinar_id: UUID = Field(foreign_key="webinars.id")
    contact_id: UUID = Field(foreign_key="contacts.id")
    event_id: UUID
    organization_type: str = ""
    registered_at: datetime = at(nullable=False)
    schedule: int = 0
    told: int = 0
    listed: bool = False
    attended_at: datetime | None = at()
    settled: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """A webinar as somebody writes it. `starts_at` without a zone is in `zone`."""

    title: str
    starts_at: datetime
    minutes: int = 60
    zone: str = "UTC"
    description: str = ""
    join_url: str = ""
    survey_url: str = ""

    def checked(self) -> Given:
        """As it is kept, with its start as a real moment in UTC. Raises Invalid with the field."""
        if not self.title.strip() or len(self.title) > MAX_TITLE:
            message = f"A title of 1 to {MAX_TITLE} characters is needed."
            raise Invalid(message, "title")
        if self.zone not in available_timezones():
            raise Invalid("This is no time zone; write one like America/New_York.", "zone")
        if not 1 <= self.minutes <= MAX_MINUTES:
            message = f"A webinar takes 1 to {MAX_MINUTES} minutes."
            raise Invalid(message, "minutes")
        for field in ("join_url", "survey_url"):
            if (url := getattr(self, field).strip()) and not url.startswith(("https://", "http://")):
                raise Invalid("An address begins with https://.", field)
        moment = self.starts_at if self.starts_at.tzinfo else self.starts_at.replace(tzinfo=ZoneInfo(self.zone))
        return replace(
            self,
            title=" ".join(self.title.split()),
            starts_at=moment.astimezone(UTC),
            description=self.description.strip()[:10_000],
            join_url=self.join_url.strip(),
            survey_url=self.survey_url.strip(),
        )


# What stands in people's calendars.
_SHOWN = ("title", "starts_at", "minutes", "zone", "join_url")


async def make(tx: AsyncSession, clock: Clock, given: Given, by: str) -> Webinar:
    """A new one under the next code. Raises Invalid."""
    checked = given.checked()
    if checked.starts_at <= now():
        raise Invalid("This is in the past; a webinar is made before it takes place.", "starts_at")
    await lock(tx, "webinars")
    number = (await tx.execute(select(func.coalesce(func.max(Webinar.number), 0)))).scalar_one() + 1
    webinar = Webinar(number=number, code=code_of(number), title="", starts_at=now(), ends_at=now(), created_by=by)
    _write(webinar, checked, clock, by)
    tx.add(webinar)
    await tx.flush()
    record(tx, by, "webinar.made", webinar.id, code=webinar.code)
    await tell(tx, webinar)
    return webinar


def _write(webinar: Webinar, given: Given, clock: Clock, by: str) -> None:
    for name in ("title", "description", "starts_at", "minutes", "zone", "join_url", "survey_url"):
        setattr(webinar, name, getattr(given, name))
    webinar.ends_at = given.starts_at + clock.real_span(timedelta(minutes=given.minutes))
    webinar.updated_by, webinar.updated_at = by, now()


async def change(tx: AsyncSession, clock: Clock, code: str, given: Given, by: str, revision: int | None) -> Webinar:
    """Write it anew, where it is still as `revision` has it. Raises NotFound, Invalid and Conflict."""
    webinar = await _open(tx, code, revision)
    checked = given.checked()
    moved = any(getattr(webinar, name) != getattr(checked, name) for name in _SHOWN)
    if moved:
        webinar.time_changed = webinar.starts_at != checked.starts_at or webinar.minutes != checked.minutes
    if moved and checked.starts_at <= now():
        raise Invalid("This is in the past; move it to a time that is still to come.", "starts_at")
    _write(webinar, checked, clock, by)
    webinar.revision += 1
    webinar.schedule += moved
    record(tx, by, "webinar.changed", webinar.id, code=webinar.code, moved=moved)
    await tell(tx, webinar)
    return webinar


async def cancel(tx: AsyncSession, code: str, by: str, revision: int | None) -> Webinar:
    """Take it back; whoever registered is told. Raises NotFound and Conflict."""
    webinar = await _open(tx, code, revision)
    webinar.state, webinar.updated_by, webinar.updated_at = "canceled", by, now()
    webinar.revision += 1
    webinar.schedule += 1
    record(tx, by, "webinar.canceled", webinar.id, code=webinar.code)
    await tell(tx, webinar)
    return webinar


async def _open(tx: AsyncSession, code: str, revision: int | None) -> Webinar:
    """The webinar, locked, which may still be changed. Raises NotFound and Conflict."""
    webinar = await locked(tx, code)
    if revision is not None and webinar.revision != revision:
        raise Conflict("Somebody changed this webinar meanwhile; reload it and look again.")
    if webinar.state == "canceled":
        raise Conflict("This webinar was canceled.")
    if webinar.ends_at <= now():
        raise Conflict("This webinar is over.")
    return webinar


async def locked(tx: AsyncSession, code: str) -> Webinar:
    """The webinar, locked for a change. Raises NotFound."""
    found = await tx.execute(select(Webinar).where(Webinar.code == normal_code(code)).with_for_update())
    return _there(found.scalar_one_or_none(), code)


async def by_code(tx: AsyncSession, code: str) -> Webinar:
    """The webinar of that code. Raises NotFound."""
    found = await tx.execute(select(Webinar).where(Webinar.code == normal_code(code)))
    return _there(found.scalar_one_or_none(), code)


def _there(webinar: Webinar | None, code: str) -> Webinar:
    if webinar is None:
        message = f"There is no webinar {normal_code(code)[:20]}."
        raise NotFound(message)
    return webinar


async def place_at(tx: AsyncSession, contact_id: UUID, code: object) -> Registration | None:
    """The person's place at the webinar of that code."""
    named = select(Webinar.id).where(Webinar.code == normal_code(code)).scalar_subquery()
    mine = select(Registration).where(Registration.contact_id == contact_id, Registration.webinar_id == named)
    return (await tx.execute(mine)).scalar_one_or_none()


async def history_of(tx: AsyncSession, contact_id: UUID) -> list[str]:
    """The codes of every webinar that the person registered for, in order."""
    rows = (
        select(Webinar.code)
        .join(Registration, Registration.webinar_id == Webinar.id)
        .where(Registration.contact_id == contact_id)
        .order_by(Registration.registered_at, Webinar.number)
    )
    return list((await tx.execute(rows)).scalars())


async def tell(tx: AsyncSession, webinar: Webinar, why: str = "") -> None:
    """Have its workflow look at the row; `why` names what is told once."""
    told = Incoming(
        type=CHANGED,
        source=OURS,
        sender_id=f"webinar:{webinar.id}:{why or webinar.revision}",
        entity=f"webinar:{webinar.id}",
        payload={"webinar_id": str(webinar.id), "revision": webinar.revision},
    )
    await append(tx, told)


async def merge(tx: AsyncSession, survivor: UUID, other: UUID) -> None:
    """Places of two rows that are one person: where both have one the survivor's stays, and knows who came."""
    theirs = (await tx.execute(select(Registration).where(Registration.contact_id == other))).scalars().all()
    for place in theirs:
        twin = select(Registration).where(
            Registration.contact_id == survivor, Registration.webinar_id == place.webinar_id
        )
        mine = (await tx.execute(twin)).scalar_one_or_none()
        if mine is None:
            place.contact_id = survivor
            continue
        mine.attended_at = mine.attended_at or place.attended_at
        mine.registered_at = min(mine.registered_at, place.registered_at)
        mine.settled = mine.settled or place.settled
        await tx.delete(place)
    await tx.flush()
