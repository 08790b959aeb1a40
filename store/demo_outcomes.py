"""Whether a demo was held, as a person of the team says it: the task is done and the event is told, or neither."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import Conflict, NotFound
from domain.events import Incoming
from domain.marketing import Marketing
from store.bookings import Booking
from store.facts.leads import OURS
from store.identity import lock_contact
from store.ingest import Receipt, take_in, wait_for_calls
from store.tasks import Task, finish_task

Answer = Literal["demo_held", "demo_no_show"]


async def answer(tx: AsyncSession, marketing: Marketing, task: Task | None, said: Answer, by: str) -> Receipt:
    """Raises NotFound, and Conflict where somebody or the calendar was first."""
    booking = await tx.get(Booking, task.about) if task is not None and task.about else None
    if task is None or booking is None:
        raise NotFound("There is no demo that this task asks about.")
    # The contact first, as everywhere: a webhook about the same demo locks in this order.
    contact = await lock_contact(tx, booking.contact_id)
    if contact is None:
        raise Conflict("This person is not known any more.")
    await wait_for_calls(tx, contact.id, said)
    await finish_task(tx, task.id, by)
    told = Incoming(
        type=said,
        source=OURS,
        sender_id=f"outcome:{task.id}",
        payload={"contact_id": str(contact.id), "invitee_uri": booking.invitee_uri},
    )
    return await take_in(tx, marketing, told)
