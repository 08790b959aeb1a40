"""Webinars as they are listed, with who registered, who came and what they were sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.base import now
from store.contacts import Contact
from store.journeys import Journey
from store.messages import Message
from store.queries.pages import Page, newest_first
from store.webinars import Registration, Webinar, by_code


class WebinarView(BaseModel):
    """One webinar, with its counts. `stands` is `planned`, `over` or `canceled`."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    title: str
    description: str
    starts_at: datetime
    ends_at: datetime
    minutes: int
    zone: str
    join_url: str
    survey_url: str
    state: str
    revision: int
    registered: int = 0
    attended: int = 0
    missed: int = 0
    mails_sent: int = 0

    @property
    def stands(self) -> str:
        """The state as a person would say it now."""
        return "over" if self.state == "planned" and self.ends_at <= now() else self.state


class RegistrantView(BaseModel):
    """One person at one webinar."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    contact_id: UUID
    email: str | None = None
    first_name: str = ""
    company: str = ""
    organization_type: str
    registered_at: datetime
    attended_at: datetime | None
    settled: str
    mails_sent: int = 0

    @property
    def came(self) -> str:
        """`attended`, `missed`, or `registered` as long as nobody knows."""
        if self.attended_at is not None:
            return "attended"
        return "missed" if self.settled == "missed" else "registered"


async def list_webinars(tx: AsyncSession, *, cursor: str | None, limit: int) -> Page[WebinarView]:
    """All of them, the latest first by when they begin."""
    rows, after = await newest_first(tx, select(Webinar), Webinar.starts_at, Webinar.id, cursor=cursor, limit=limit)
    return Page(items=await _counted(tx, rows), next=after)


async def webinar_view(tx: AsyncSession, code: str) -> WebinarView:
    """One of them. Raises NotFound."""
    webinar = await by_code(tx, code)
    (view,) = await _counted(tx, [webinar])
    sent = (
        select(func.count())
        .select_from(Message)
        .join(Journey, Journey.id == Message.journey_id)
        .join(Registration, Registration.id == Journey.about)
        .where(Registration.webinar_id == webinar.id, Message.state == "sent")
    )
    view.mails_sent = (await tx.execute(sent)).scalar_one()
    return view


async def _counted(tx: AsyncSession, rows: list[Webinar]) -> list[WebinarView]:
    ids = [row.id for row in rows]
    counts = (
        select(
            Registration.webinar_id,
            func.count(),
            func.count(Registration.attended_at),
            func.count().filter(Registration.settled == "missed", Registration.attended_at.is_(None)),
        )
        .where(Registration.webinar_id.in_(ids))
        .group_by(Registration.webinar_id)
    )
    found = {row[0]: row for row in (await tx.execute(counts)).all()}
    views = [WebinarView.model_validate(row) for row in rows]
    for view in views:
        _, view.registered, view.attended, view.missed = found.get(view.id, (view.id, 0, 0, 0))
    return views


async def registrants(tx: AsyncSession, webinar_id: UUID, *, cursor: str | None, limit: int) -> Page[RegistrantView]:
    """Who registered, the newest first."""
    mine = select(Registration).where(Registration.webinar_id == webinar_id)
    rows, after = await newest_first(tx, mine, Registration.registered_at, Registration.id, cursor=cursor, limit=limit)
    return Page(items=await _shown(tx, rows), next=after)


async def _shown(tx: AsyncSession, rows: list[Registration]) -> list[RegistrantView]:
    people = select(Contact).where(Contact.id.in_([row.contact_id for row in rows]))
    known = {one.id: one for one in (await tx.execute(people)).scalars()}
    sent = (
        select(Journey.about, func.count())
        .join(Message, Message.journey_id == Journey.id)
        .where(Journey.about.in_([row.id for row in rows]), Message.state == "sent")
        .group_by(Journey.about)
    )
    mails = dict((await tx.execute(sent)).all())
    views = [RegistrantView.model_validate(row) for row in rows]
    for view in views:
        person = known[view.contact_id]
        view.email, view.first_name, view.company = person.email, person.first_name, person.company
        view.mails_sent = mails.get(view.id, 0)
    return views
