"""Calendar files for what people booked (RFC 5545, RFC 5546)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vCalAddress, vText

DEFAULT_LENGTH = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Appointment:
    """What stands in somebody's calendar. `uid` stays the same through every change, `sequence` grows with each.

    With an `attendee` it is an invitation, which calendars update and take back by themselves; without one it is only
    published.
    """

    uid: str
    title: str
    starts_at: datetime
    ends_at: datetime | None
    organizer: str
    url: str | None
    made_at: datetime
    sequence: int = 0
    attendee: str | None = None
    canceled: bool = False

    @property
    def method(self) -> str:
        """The file's method, which its content type has to name as well (RFC 6047, 2.4)."""
        if self.canceled:
            return "CANCEL"
        return "REQUEST" if self.attendee else "PUBLISH"


def invitation(given: Appointment) -> bytes:
    """One event as an .ics file, in UTC, so that every calendar shows it in its reader's own zone."""
    event = Event()
    event.add("uid", f"{given.uid}@perennial")
    event.add("sequence", given.sequence)
    event.add("summary", given.title)
    event.add("dtstamp", given.made_at.astimezone(UTC))
    event.add("dtstart", given.starts_at.astimezone(UTC))
    event.add("dtend", (given.ends_at or given.starts_at + DEFAULT_LENGTH).astimezone(UTC))
    event.add("organizer", vCalAddress(f"mailto:{given.organizer}"))
    event.add("status", "CANCELLED" if given.canceled else "CONFIRMED")
    if given.attendee:
        attendee = vCalAddress(f"mailto:{given.attendee}")
        attendee.params["PARTSTAT"] = vText("ACCEPTED")
        attendee.params["RSVP"] = vText("FALSE")
        event.add("attendee", attendee)
    if given.url:
        event.add("location", vText(given.url))
        event.add("url", given.url)
    calendar = Calendar()
    calendar.add("prodid", "-//Perennial//EN")
    calendar.add("version", "2.0")
    calendar.add("method", given.method)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
