"""Webinars as tests make them, and the people who register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col
from temporalio.testing import ActivityEnvironment

from activities.webinars import WebinarActivities
from domain.webinars import WebinarRules
from store import webinars
from store.base import now
from store.webinars import Given, Registration, Webinar
from tests.activities.vendors import FakeCrm, FakePlatform
from tests.core_kit import World, shipped, somebody
from workflows.webinar import WebinarTurn, WebinarWork

SEQUENCES = ("webinar", "webinar_moved", "webinar_canceled", "webinar_followup")
TYPES = {"YMCA": {"tag": "B2B", "audience": "YMCA"}, "For myself": {"tag": "B2C", "audience": "Individual"}}
RULES = WebinarRules.model_validate({"organization_types": TYPES})
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def given(**changes: Any) -> Given:
    plain: dict[str, Any] = {
        "title": "Quiet nights", "starts_at": now() + 10 * DAY, "join_url": "https://meet.example/quiet",
        "survey_url": "https://survey.example/r", "zone": "America/New_York",
    }  # fmt: skip
    return Given(**(plain | changes))


@dataclass
class Hall:
    """A world with webinars in it."""

    world: World

    async def webinar(self, **changes: Any) -> Webinar:
        async with self.world.db.transaction() as tx:
            return await webinars.make(tx, self.world.clock, given(**changes), "user:1")

    async def again(self, code: str) -> Webinar:
        async with self.world.db.transaction() as tx:
            return await webinars.by_code(tx, code)

    async def change(self, webinar: Webinar, **changes: Any) -> Webinar:
        """As somebody would write it anew."""
        now_is = await self.again(webinar.code)
        names = ("title", "starts_at", "minutes", "zone", "description", "join_url", "survey_url")
        written = Given(**({name: getattr(now_is, name) for name in names} | changes))
        async with self.world.db.transaction() as tx:
            return await webinars.change(tx, self.world.clock, webinar.code, written, "user:1", now_is.revision)

    async def cancel(self, webinar: Webinar) -> None:
        async with self.world.db.transaction() as tx:
            await webinars.cancel(tx, webinar.code, "user:1", None)

    async def ended(self, webinar: Webinar, ago: timedelta) -> None:
        """It is over since so long, as if time had passed."""
        async with self.world.db.transaction() as tx:
            row = await webinars.locked(tx, webinar.code)
            row.starts_at, row.ends_at = now() - ago - HOUR, now() - ago
            places = select(Registration).where(col(Registration.webinar_id) == webinar.id)
            for place in (await tx.execute(places)).scalars():
                place.registered_at = row.starts_at - DAY

    async def register(self, webinar: Webinar, email: str | None = None, **payload: Any) -> str:
        email = email or somebody()
        await self.world.tell("webinar_registered", email, webinar=webinar.code, **payload)
        await self.world.route()
        return email

    async def work(self, webinar: Webinar) -> WebinarTurn:
        """What its workflow would have done now."""
        changed = self.world.marketing.model_copy(update={"webinars": RULES})
        doing = WebinarActivities(self.world.db, self.world.clock, changed, FakeCrm(), FakePlatform())
        turn = await ActivityEnvironment().run(doing.work, WebinarWork(webinar_id=webinar.id))
        await self.world.route()
        return turn

    async def place(self, webinar: Webinar, email: str) -> Registration:
        contact = await self.world.contact(email)
        async with self.world.db.transaction() as tx:
            found = await webinars.place_at(tx, contact.id, webinar.code)
        assert found is not None
        return found


async def hall_in(world: World) -> Hall:
    """The shipped sequences about webinars, and organisations of two kinds."""
    await world.publish(*map(shipped, SEQUENCES))
    world.marketing = world.marketing.model_copy(update={"webinars": RULES})
    return Hall(world)


def utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
