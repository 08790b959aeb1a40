"""What a reaction does, in rows alone: an event, an enrolment, a tag, a task, a note to the owner."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import Incoming
from domain.names import derived
from domain.reactions import Act, Reaction
from domain.sequences import REQUESTED
from store import inbox
from store.contacts import Contact
from store.events import Event
from store.facts.carts import cart_of
from store.facts.leads import OURS
from store.local import Notification
from store.tasks import add_task


async def carry_out(tx: AsyncSession, rule: Reaction, firing_id: UUID, event: Event, contact: Contact) -> None:
    """Everything that the rule does, once for this firing."""
    for number, act in enumerate(rule.do):
        await _act(tx, rule, act, f"{firing_id}:{number}", event, contact)


async def _act(tx: AsyncSession, rule: Reaction, act: Act, key: str, event: Event, contact: Contact) -> None:
    if act.tag is not None:
        contact.tags = sorted({*contact.tags, act.tag})
    elif act.task is not None:
        await add_task(tx, key, act.task.kind, _filled(act.task.title, event), contact.id, act.task.priority)
    elif act.note is not None:
        row = Notification(
            id=derived("notification", key),
            title=_filled(act.note.title, event),
            text=_filled(act.note.text, event),
            url=f"/contacts/{contact.id}",
            urgent=act.note.urgent,
        )
        await tx.execute(insert(Notification).values(row.model_dump()).on_conflict_do_nothing())
    else:
        await _tell(tx, rule, act, key, event, contact)


async def _tell(tx: AsyncSession, rule: Reaction, act: Act, key: str, event: Event, contact: Contact) -> None:
    """An event of our own, with what the one that began it said; sequences begin by it."""
    payload: dict[str, Any] = {**event.payload, "contact_id": str(contact.id), "reaction": rule.reaction}
    if act.enrol is not None:
        payload |= {"sequence": act.enrol, "because": event.type, "cart_id": cart_of(event)}
    told = Incoming(type=act.event or REQUESTED, source=OURS, sender_id=f"reaction:{key}", payload=payload)
    await inbox.append(tx, told, contact.id)


def _filled(words: str, event: Event) -> str:
    """`{score}` and the like as the event's payload says; what it does not say is left as it is written."""
    for name, value in event.payload.items():
        if isinstance(value, (str, int, float)):
            words = words.replace("{" + name + "}", str(value)[:80])
    return words[:200]
