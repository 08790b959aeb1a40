"""What people say about being written to. It holds from the commit on; every word of it is kept as a proof."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import Incoming
from domain.marketing import Marketing
from domain.names import derived
from domain.preferences import EVERYWHERE, GENERAL, of_channel, of_topic, proof_of
from store import inbox
from store.contacts import Consent, Contact
from store.events import Event
from store.facts.leads import OURS, prove

# A confirmation counts for what was asked before it; nobody is asked twice within a day.
CONFIRMED = "email_confirmed"
EVERYTHING = (EVERYWHERE, GENERAL)


async def withdrawn(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """The opt-out from everything. No form undoes it: anybody can fill in somebody else's address."""
    await prove(tx, _proof(event, contact, EVERYTHING, granted=False))
    await settle(tx, contact)


async def chosen(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """Choices of the preference page, in `payload.choices`: whether they want it, by the word of `domain.preferences`.

    `everything: true` is from somebody who had left and wants to hear from us again.
    """
    given = event.payload.get("choices")
    choices = {str(word): bool(wanted) for word, wanted in given.items()} if isinstance(given, dict) else {}
    for word, wanted in sorted(choices.items()):
        place = EVERYTHING if word == "everything" else proof_of(word)
        await prove(tx, _proof(event, contact, place, granted=wanted))
    await settle(tx, contact)


async def asked(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """A form with double opt-in: consent waits for the confirmation, which a mail asks for at most once a day."""
    given = _pending(event.payload)
    if given is None:
        return
    contact.confirm_asked_at = min(contact.confirm_asked_at or event.occurred_at, event.occurred_at)
    await confirmed(tx, event, contact, _marketing)
    if contact.consented_at is not None and contact.opted_out_at is None:
        return
    told = Incoming(
        type="confirmation_due",
        source=OURS,
        sender_id=f"confirmation:{contact.id}:{event.occurred_at:%Y-%m-%d}",
        payload={"contact_id": str(contact.id)},
    )
    await inbox.append(tx, told, contact.id)


async def confirmed(tx: AsyncSession, _event: Event, contact: Contact, _marketing: Marketing) -> None:
    """Whoever confirms the address agrees to what was asked before, in the wording of then; whichever came first here.

    It also takes back an earlier no, since only the person's own mailbox shows the link.
    """
    if contact.confirm_asked_at is None:
        return
    mine = (Event.contact_id == contact.id, Event.state != "rejected", Event.client_side.is_(False))
    rows = select(Event).where(*mine).order_by(Event.occurred_at)
    waits = Event.payload.contains({"consent": {"double_opt_in": True}})
    told = (await tx.execute(rows.where(waits))).scalars().all()
    answers = (await tx.execute(rows.where(Event.type == CONFIRMED))).scalars().all()
    for event in told:
        answer = next((one for one in answers if one.occurred_at >= event.occurred_at), None)
        if answer is not None:
            await _agree(tx, event, answer, contact)
    await settle(tx, contact)


async def _agree(tx: AsyncSession, event: Event, answer: Event, contact: Contact) -> None:
    given = _pending(event.payload)
    if given is None:
        return
    contact.consented_at = min(contact.consented_at or answer.occurred_at, answer.occurred_at)
    proof = Consent(
        id=derived("consent", event.id),
        contact_id=contact.id,
        event_id=answer.id,
        channel=EVERYWHERE,
        granted=True,
        # What they asked for counts from when they asked: who left after that has left, whatever link they follow.
        at=event.occurred_at,
        place=str(given.get("place", "")),
        wording=str(given.get("wording", "")),
        ip_hash=str(answer.payload.get("ip_hash") or given.get("ip_hash", "")),
    )
    await prove(tx, proof)


def _pending(payload: dict[str, Any]) -> dict[str, Any] | None:
    """A consent that waits for a confirmation, where the payload has one."""
    given = payload.get("consent")
    return given if isinstance(given, dict) and given.get("granted") and given.get("double_opt_in") is True else None


async def settle(tx: AsyncSession, contact: Contact) -> None:
    """What is declined, by the newest proof of each thing: the same in whatever order the proofs came."""
    await tx.flush()
    rows = select(Consent).where(Consent.contact_id == contact.id).order_by(Consent.at, Consent.granted.desc())
    proofs = (await tx.execute(rows)).scalars().all()
    newest = {(proof.channel, proof.topic): proof.granted for proof in proofs}
    choices = {place: granted for place, granted in newest.items() if EVERYWHERE in place and place != EVERYTHING}
    contact.declined = sorted(_word(*place) for place, granted in choices.items() if not granted)
    contact.opted_out_at = _left([proof for proof in proofs if (proof.channel, proof.topic) == EVERYTHING])


def _word(channel: str, topic: str) -> str:
    return of_topic(topic) if channel == EVERYWHERE else of_channel(channel)


def _left(proofs: Sequence[Consent]) -> datetime | None:
    """When they first left since they last came back, by proofs in their order. None: they have not, or came back."""
    left = None
    for proof in proofs:
        left = None if proof.granted else left or proof.at
    return left


def _proof(event: Event, contact: Contact, place: tuple[str, str], *, granted: bool) -> Consent:
    """`place` is channel and topic."""
    whole = place == EVERYTHING and not granted
    return Consent(
        id=derived("consent", event.id) if whole else derived("consent", event.id, *place),
        contact_id=contact.id,
        event_id=event.id,
        granted=granted,
        channel=place[0],
        topic=place[1],
        at=event.occurred_at,
        place=str(event.payload.get("place") or event.source),
        wording=str(event.payload.get("wording", "")),
        ip_hash=str(event.payload.get("ip_hash", "")),
    )
