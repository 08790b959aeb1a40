"""Lists of who came to a webinar: matched with its registrants, recorded by its workflow."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.attendance import Fault, Listed
from domain.errors import Conflict
from store import webinars
from store.access import record
from store.base import now
from store.contacts import Contact, Identity
from store.webinars import Registration


async def take(tx: AsyncSession, code: str, listed: Listed, by: str) -> tuple[int, list[Fault]]:
    """How many came who are registered, and every row that says nothing. Raises NotFound and Conflict."""
    webinar = await webinars.locked(tx, code)
    if webinar.state == "canceled":
        raise Conflict("This webinar was canceled.")
    if webinar.starts_at > now():
        raise Conflict("This webinar has not begun yet.")
    rows = (
        select(Identity.value, Registration.id)
        .join(Contact, Contact.id == Identity.contact_id)
        .join(Registration, Registration.contact_id == Contact.id)
        .where(Registration.webinar_id == webinar.id, Identity.kind == "email", Identity.value.in_(list(listed.came)))
    )
    places = dict((await tx.execute(rows)).all())
    await tx.execute(update(Registration).where(Registration.id.in_(set(places.values()))).values(listed=True))
    webinar.listed_at = webinar.listed_at or now()
    webinar.revision += 1
    record(tx, by, "webinar.attendance", webinar.id, code=webinar.code, came=len(set(places.values())))
    await webinars.tell(tx, webinar)
    strangers = [
        Fault(line, email, "Nobody registered with this address.")
        for email, line in listed.came.items()
        if email not in places
    ]
    return len(set(places.values())), sorted([*listed.faults, *strangers], key=lambda fault: fault.line)
