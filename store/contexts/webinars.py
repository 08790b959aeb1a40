"""The webinar that a mail is about, as its person has it: when, where, and how it gets into their calendar."""

from __future__ import annotations

from datetime import UTC, timedelta

from sqlalchemy import select

from domain.webinars import Slot, google_link, outlook_link, survey_link
from store.contexts.asked import Asked, Context
from store.events import Event
from store.webinars import Registration, Webinar
from store.zones import zone_of

OFFICE = "outlook.office.com"


async def one(asked: Asked, context: Context) -> str | None:
    """The webinar that the journey is about. Its times are in its own zone, and in the person's where that differs."""
    found = select(Webinar).join(Registration).where(Registration.id == asked.journey.about)
    webinar = (await asked.tx.execute(found)).scalar_one()
    entry = await asked.tx.get_one(Event, asked.journey.entry_event)
    slot = slot_of(webinar)
    theirs = slot.starts_at.astimezone(zone_of(asked.contact.timezone))
    starts_at = slot.starts_at.astimezone(zone_of(webinar.zone))
    known = asked.contact.timezone not in {"", "UTC"} and theirs.utcoffset() != starts_at.utcoffset()
    phone = str(asked.contact.attributes.get("phone") or "")
    context["webinar"] = {
        "code": webinar.code,
        "title": webinar.title,
        "description": webinar.description,
        "starts_at": starts_at,
        "your_time": theirs if known else None,
        "minutes": webinar.minutes,
        "join_url": webinar.join_url or None,
        "survey_url": survey_link(webinar.survey_url, asked.contact.email or "", phone) or None,
        "google_url": google_link(slot),
        "outlook_url": outlook_link(slot),
        "office_url": outlook_link(slot, OFFICE),
        "time_changed": entry.payload.get("time_changed") is not False,
    }
    context["calendar"] = {
        "uid": str(webinar.id),
        "sequence": webinar.schedule,
        "canceled": webinar.state == "canceled",
        "title": slot.title,
        "starts": slot.starts_at,
        "ends": slot.ends_at,
        "url": slot.url or None,
        "attendee": asked.contact.email,
    }
    return None


def slot_of(webinar: Webinar) -> Slot:
    """The webinar as calendars have it, with its length as people have it."""
    starts_at = webinar.starts_at.astimezone(UTC)
    ends_at = starts_at + timedelta(minutes=webinar.minutes)
    text = f"Join: {webinar.join_url}" if webinar.join_url else ""
    return Slot(webinar.title, starts_at, ends_at, webinar.zone, webinar.join_url, text)
