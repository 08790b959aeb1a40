"""The booking that a confirmation or reminder is about, in the zone in which it was made."""

from __future__ import annotations

from store.bookings import Booking
from store.contexts.asked import Asked, Context
from store.zones import zone_of


async def one(asked: Asked, context: Context) -> str | None:
    """The booking that the journey is about."""
    booking = await asked.tx.get_one(Booking, asked.journey.about)
    zone = zone_of(booking.details.get("timezone") or asked.contact.timezone)
    starts_at = booking.starts_at.astimezone(zone) if booking.starts_at else None
    context["booking"] = {
        "uid": str(booking.id),
        "event_name": booking.event_name,
        "starts_at": starts_at,
        "starts": booking.starts_at,
        "ends": booking.ends_at,
        "replaces": str(booking.replaces) if booking.replaces else None,
        "join_url": booking.details.get("join_url"),
        "reschedule_url": booking.details.get("reschedule_url"),
        "cancel_url": booking.details.get("cancel_url"),
    }
    return None
