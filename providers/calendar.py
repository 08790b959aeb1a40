"""Calendar files for what people booked (RFC 5545, RFC 5546 REQUEST)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vCalAddress, vText

DEFAULT_LENGTH = timedelta(minutes=30)


def invitation(
    *,
    uid: str,
    title: str,
    starts_at: datetime,
    ends_at: datetime | None,
    organizer: str,
    url: str | None,
    made_at: datetime,
) -> bytes:
    """One event as an .ics file, in UTC, so that every calendar shows it in its reader's own zone."""
    event = Event()
    event.add("uid", f"{uid}@perennial")
    event.add("summary", title)
    event.add("dtstamp", made_at.astimezone(UTC))
    event.add("dtstart", starts_at.astimezone(UTC))
    event.add("dtend", (ends_at or starts_at + DEFAULT_LENGTH).astimezone(UTC))
    event.add("organizer", vCalAddress(f"mailto:{organizer}"))
    if url:
        event.add("location", vText(url))
        event.add("url", url)
    calendar = Calendar()
    calendar.add("prodid", "-//Perennial//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
