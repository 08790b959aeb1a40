"""Erasing a person: what ends with the request, what is waited for, and the last transaction with its proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain import approval
from domain.erasure import DONE, ERASED
from domain.errors import NotFound
from domain.events import Incoming
from store import inbox
from store.access import record
from store.base import now
from store.contacts import Contact, Identity
from store.erased import Erasure, Name, remember
from store.erasing import erase_rows
from store.facts.leads import OURS
from store.identity import lock_contact
from store.ingest import wait_for_calls
from store.journeys import OPEN, Journey
from store.keyed import derived, digest
from store.person import Given, bound, names_of
from store.reviews import Review
from store.subscriptions import Subscription
from store.tasks import add_task

UNDER_WAY = (approval.PENDING, approval.REGENERATED, approval.APPROVED)
REFUSED_TASK = "erasure_refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor said: `done`, or `refused: ` and a fixed word."""

    vendor: str
    outcome: str


async def request(tx: AsyncSession, contact_id: UUID, by: str) -> Erasure:
    """From this commit on nothing goes out and nothing is taken in; the same proof for a repeated request.

    Runs in `store.ingest.after_calls`: a call to a mail provider that is under way ends first. Raises NotFound.
    """
    contact = await lock_contact(tx, contact_id)
    if contact is None:
        raise NotFound("There is no contact with this id.")
    known = await proof_of(tx, contact.id)
    if known is not None:
        return known
    await wait_for_calls(tx, contact.id, ERASED)
    moment = now()
    contact.erased_at = moment
    proof = Erasure(
        id=derived(tx, "erasure", contact.id), contact=digest(tx, "contact", contact.id), requested_by=by,
        requested_at=moment, journeys=await _open_journeys(tx, contact),
    )  # fmt: skip
    tx.add(proof)
    await tx.flush()
    await _close_reviews(tx, await names_of(tx, contact))
    told = {"contact_id": str(contact.id), "erasure": str(proof.id)}
    asked = Incoming(type=ERASED, source=OURS, sender_id=f"{ERASED}:{proof.id}", payload=told)
    await inbox.append(tx, asked, contact.id)
    record(tx, by, "contact.erased", f"erasure:{proof.id}")
    return proof


async def proof_of(tx: AsyncSession, contact_id: UUID) -> Erasure | None:
    """The erasure of a contact, which may still be under way."""
    mine = select(Erasure).where(col(Erasure.contact) == digest(tx, "contact", contact_id))
    return (await tx.execute(mine)).scalar_one_or_none()


async def _open_journeys(tx: AsyncSession, contact: Contact) -> int:
    mine = select(Journey.id).where(Journey.contact_id == contact.id, Journey.state.in_(OPEN))
    return len((await tx.execute(mine)).all())


async def _close_reviews(tx: AsyncSession, given: Given) -> None:
    """Whatever was made from what they did is published no more; each review's workflow is told."""
    theirs = "SELECT r.id FROM reviews r JOIN events e ON e.id = r.origin WHERE e.contact_id = ANY(:ids)"
    ids = list((await tx.execute(bound(theirs, given))).scalars())
    closed = (
        update(Review)
        .where(col(Review.id).in_(ids), col(Review.state).in_(UNDER_WAY), col(Review.published_at).is_(None))
        .values(state=approval.EXPIRED, decided_by=ERASED, decided_at=now(), revision=col(Review.revision) + 1)
        .returning(col(Review.id))
    )
    for review_id in (await tx.execute(closed)).scalars().all():
        told = Incoming(
            type="review_decided", source=OURS, sender_id=f"{ERASED}:{review_id}", entity=f"review:{review_id}",
            payload={"review_id": str(review_id)},
        )  # fmt: skip
        await inbox.append(tx, told)


_WORKFLOWS = """
    SELECT j.workflow_id FROM journeys j WHERE j.contact_id = ANY(:ids)
    UNION SELECT 'review/' || r.id FROM reviews r JOIN events e ON e.id = r.origin WHERE e.contact_id = ANY(:ids)
    UNION SELECT w.prefix || '/' || e.id FROM events e
    JOIN (VALUES ('lead_captured', 'lead'), ('webinar_registered', 'webinar-registration'), ('profile_due', 'profile'),
        ('purchase_completed', 'order'), ('purchase_completed', 'recommendations')) w (type, prefix) ON w.type = e.type
    WHERE e.contact_id = ANY(:ids)
"""


async def workflows_of(tx: AsyncSession, contact_id: UUID) -> list[str]:
    """Every workflow that may be doing something for this person, by the ids that starts.py gives."""
    return list((await tx.execute(bound(_WORKFLOWS, await names_of(tx, await _contact(tx, contact_id))))).scalars())


async def addresses_of(tx: AsyncSession, contact_id: UUID) -> list[str]:
    """Under which addresses vendors may know them; none once the rows are emptied."""
    emails: list[str] = (await names_of(tx, await _contact(tx, contact_id)))["emails"]
    return emails


async def finish(tx: AsyncSession, erasure_id: UUID, contact_id: UUID, answers: list[Answer]) -> Erasure:
    """Delete and empty the rows, and complete the proof with them. A repeat changes nothing."""
    contact = await _contact(tx, contact_id)
    proof = await tx.get_one(Erasure, erasure_id, populate_existing=True)
    if proof.finished_at is not None:
        return proof
    given = await names_of(tx, contact)
    await remember(tx, proof.id, contact, await _names(tx, given))
    proof.rows = await erase_rows(tx, given)
    proof.vendors = {answer.vendor: answer.outcome for answer in answers}
    proof.finished_at = now()
    for answer in answers:
        if answer.outcome != DONE:
            title = f"Delete somebody at {answer.vendor} by hand: it {answer.outcome} (erasure {proof.id})"
            await add_task(tx, f"{proof.id}:{answer.vendor}", REFUSED_TASK, title, None, "high", about=proof.id)
    return proof


async def _contact(tx: AsyncSession, contact_id: UUID) -> Contact:
    contact = await lock_contact(tx, contact_id)
    if contact is None:
        raise NotFound("There is no contact with this id.")
    return contact


async def _names(tx: AsyncSession, given: Given) -> list[Name]:
    """All that they may be named by later: what they go by, and what they are billed by."""
    ids = given["ids"]
    named = select(Identity.kind, Identity.value).where(col(Identity.contact_id).in_(ids))
    names: set[tuple[Any, ...]] = {tuple(row) for row in await tx.execute(named)}
    names |= {("email", email) for email in given["emails"]}
    billed = select(Subscription.external_id, Subscription.customer).where(col(Subscription.contact_id).in_(ids))
    for number, customer in await tx.execute(billed):
        names |= {("subscription", number), *([("customer", customer)] if customer else [])}
    return sorted(names)
