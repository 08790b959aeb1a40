"""Touches are what others told us; never what we told ourselves of it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from configuration import load_marketing
from domain.events import Incoming
from store.contacts import Contact, Touch
from store.db import Database
from store.events import Event
from store.ingest import ingest

MARKETING = load_marketing(Path(__file__).parents[2] / "config")


async def test_our_own_event_of_a_lead_adds_no_touch_and_keeps_the_latest_source(db: Database) -> None:
    payload = {"form": "contact", "utm": {"source": "google"}}
    form = Incoming(type="lead_captured", source="form:contact", email="ada@touch.example", payload=payload)
    receipt = await ingest(db, MARKETING, form)
    async with db.transaction() as tx:
        event = await tx.get_one(Event, receipt.event_id)
    own = {"contact_id": str(event.contact_id), "form": "contact"}
    await ingest(db, MARKETING, Incoming(type="lead_qualified", source="perennial", payload=own))
    async with db.transaction() as tx:
        contact = await tx.get_one(Contact, event.contact_id)
        touches = (await tx.execute(select(Touch).where(col(Touch.contact_id) == contact.id))).scalars().all()
    assert (contact.original_source, contact.latest_source, len(touches)) == ("google", "google", 1)
