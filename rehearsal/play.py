"""One rehearsal, from the person's first event to the end of their journey."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import SecretStr
from sqlalchemy import select
from sqlmodel import col

from domain.errors import Invalid
from domain.events import Incoming
from domain.identity import normal_email
from domain.marketing import Marketing
from domain.rehearsals import EMAIL, WEBINAR, Given, Happening, Rehearsed, beginning, columns
from domain.schedule import Delay, due
from domain.sequences import SEGMENT, Sequence
from rehearsal.calendar import calendar
from rehearsal.ground import ground
from rehearsal.stage import Stage, stage
from rehearsal.words import approved_beside
from settings import Settings
from store import sequences
from store.base import Ahead, now
from store.db import Database
from store.facts.leads import OURS
from store.identity import resolve
from store.ingest import ingest
from store.journeys import OPEN, Journey
from store.webinars import Webinar
from store.zones import zone_of

# Longer than any sequence that is shipped; what is open then is said to be.
HORIZON = timedelta(days=730)
LEAP = timedelta(days=30)


async def rehearse(settings: Settings, marketing: Marketing, url: str, definition: Sequence, given: Given) -> Rehearsed:
    """The calendar of a made-up person. Nothing of it is left behind, and nobody real is reached."""
    if given.at is not None and given.at < now() - timedelta(minutes=1):
        raise Invalid("A rehearsal begins now or later: time leaps forward only.", "at")
    began_s = time.monotonic()
    try:
        found = await _rehearsed(settings, marketing, url, definition, given)
    finally:
        Ahead.span = timedelta()
    found.took_s = round(time.monotonic() - began_s, 1)
    return found


async def _rehearsed(
    settings: Settings, marketing: Marketing, url: str, definition: Sequence, given: Given
) -> Rehearsed:
    # Links in these mails open nothing, and a rehearsal does not wait for the hourly limit.
    closed = settings.model_copy(update={"secret_key": SecretStr(uuid4().hex), "marketing_per_hour": 10**9})
    async with approved_beside(settings.config_dir, url) as folder, ground(url) as db:
        closed = closed.model_copy(update={"config_dir": folder})
        async with db.transaction() as tx:
            await sequences.publish(tx, [definition])
        async with stage(closed, closed.applied(marketing), db, given.at) as on:
            email = normal_email(str(given.contact.get("email", EMAIL)))
            begun = await on.keeper.sync()
            await _born(db, email, given)
            await _play(on, email, given, definition, begun)
        return await calendar(db, email, definition, given, begun)


async def _born(db: Database, email: str, given: Given) -> None:
    """The person, before anything happens to them."""
    own, attributes = columns(given.contact)
    async with db.transaction() as tx:
        contact = await resolve(tx, [("email", email)])
        assert contact is not None
        contact.timezone = given.zone
        for name, value in own.items():
            setattr(contact, name, value)
        contact.attributes = attributes
        starts_at = now() + timedelta(days=7)
        ends_at = starts_at + timedelta(hours=1)
        tx.add(
            Webinar(number=1, code=WEBINAR, title="A webinar", starts_at=starts_at, ends_at=ends_at, zone=given.zone)
        )


async def _play(on: Stage, email: str, given: Given, definition: Sequence, begun: datetime) -> None:
    happenings = given.events or [beginning(definition, {one.key: one.kind for one in on.marketing.catalogue})]
    zone = zone_of(given.zone)
    moments = [(due(begun, one.after or Delay(), zone), one) for one in happenings]
    for moment, one in sorted(moments, key=lambda pair: pair[0]):
        await on.until(moment)
        await ingest(on.db, on.marketing, _told(one, email, given, begun))
        await on.keeper.drain()
    reached = begun
    while reached < begun + HORIZON and await _open(on.db):
        reached += LEAP
        await on.until(reached)
        await on.keeper.drain()


def _told(one: Happening, email: str, given: Given, begun: datetime) -> Incoming:
    payload = {name: _moment(value, given, begun) for name, value in one.payload.items()}
    source = OURS if one.type == SEGMENT else "rehearsal"
    return Incoming(type=one.type, source=source, sender_id=uuid4().hex, email=email, payload=payload)


def _moment(value: Any, given: Given, begun: datetime) -> Any:  # noqa: ANN401 - JSON
    """`+3d` as the moment three days after the beginning."""
    if not isinstance(value, str) or not value.startswith("+"):
        return value
    try:
        return due(begun, Delay.parse(value[1:]), zone_of(given.zone)).isoformat()
    except ValueError:
        return value


async def _open(db: Database) -> bool:
    async with db.transaction() as tx:
        rows = select(col(Journey.id)).where(col(Journey.state).in_(OPEN)).limit(1)
        return (await tx.execute(rows)).scalar_one_or_none() is not None
