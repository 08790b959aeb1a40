"""A person decides in a model's place: what somebody is like, what follows from it, and what is recommended to them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.errors import Invalid, NotFound
from domain.events import Incoming
from domain.marketing import Marketing
from domain.profiles import Choice, Profile, choose
from domain.sequences import REQUESTED
from store import inbox
from store.contacts import Contact
from store.facts.leads import OURS
from store.identity import lock_contact
from store.journeys import OPEN, Journey, SequenceVersion
from store.lifecycle import end
from store.moving import wake
from store.profiles import (
    PERSON,
    Origin,
    ProfileRow,
    RecommendationRow,
    keep_profile,
    keep_recommendation,
    profile_of,
    recommendation_of,
)
from store.welcoming import WELCOME, begin, is_live

BY_HAND = "chosen by hand"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody of the team wants for a person; None leaves it to the rules.

    Of `recommendations` None leaves them as they are, and an empty list to the model again.

    With `begin` the sequence starts now, in place of the welcome that the person may be in.
    """

    profile: Profile
    sequence: str | None = None
    offer: str | None = None
    recommendations: list[str] | None = None
    begin: bool = False


def sequences_to_choose(marketing: Marketing) -> list[str]:
    """What a lead can be welcomed with: the welcome, and what a rule names."""
    return list(dict.fromkeys([WELCOME, *(rule.sequence for rule in marketing.personalization.rules if rule.sequence)]))


async def override(tx: AsyncSession, marketing: Marketing, contact_id: UUID, wish: Wish, author: str) -> ProfileRow:
    """Write it down; no model changes it after that. Raises NotFound, and Invalid for what the configuration lacks."""
    _check(marketing, wish)
    contact = await _living(tx, contact_id)
    by_rules = choose(wish.profile, marketing.personalization.rules)
    choice = Choice(
        sequence=wish.sequence or by_rules.sequence,
        offer=wish.offer or by_rules.offer,
        why_sequence=by_hand(wish.sequence) if wish.sequence else by_rules.why_sequence,
        why_offer=by_hand(wish.offer) if wish.offer else by_rules.why_offer,
    )
    if choice.sequence and not await is_live(tx, choice.sequence):
        message = f"The sequence {choice.sequence} is not live."
        raise Invalid(message, "sequence")
    row = await keep_profile(tx, contact.id, wish.profile, choice, Origin(PERSON, author))
    if wish.recommendations:
        await keep_recommendation(tx, contact.id, wish.recommendations, Origin(PERSON, author))
    elif wish.recommendations is not None:
        await _forget(tx, await recommendation_of(tx, contact.id))
    if wish.begin:
        await _begin_instead(tx, marketing, contact, row)
    return row


async def release(tx: AsyncSession, contact_id: UUID) -> Contact:
    """Forget profile and recommendations: the next question goes to the model again. Raises NotFound."""
    contact = await _living(tx, contact_id)
    await _forget(tx, await profile_of(tx, contact.id))
    await _forget(tx, await recommendation_of(tx, contact.id))
    return contact


async def _forget(tx: AsyncSession, row: ProfileRow | RecommendationRow | None) -> None:
    if row is not None:
        await tx.delete(row)
        await tx.flush()


def by_hand(word: str) -> str:
    """The reason for what somebody of the team named themselves."""
    return f"{BY_HAND} → {word}"


def _check(marketing: Marketing, wish: Wish) -> None:
    keys = {product.key for product in marketing.catalogue}
    unknown = [word for word in wish.profile.interests if word not in marketing.personalization.interests]
    if unknown:
        message = f"{', '.join(unknown)}: not among the interests of the configuration."
        raise Invalid(message, "interests")
    if wish.sequence and wish.sequence not in sequences_to_choose(marketing):
        message = f"No rule of the configuration welcomes anybody with {wish.sequence}."
        raise Invalid(message, "sequence")
    if wish.offer and wish.offer not in keys:
        message = f"{wish.offer} is not in the catalogue."
        raise Invalid(message, "offer")
    missing = [key for key in wish.recommendations or [] if key not in keys]
    if missing:
        message = f"{', '.join(missing)}: not in the catalogue."
        raise Invalid(message, "recommendations")


async def _living(tx: AsyncSession, contact_id: UUID) -> Contact:
    contact = await lock_contact(tx, contact_id)
    if contact is None or contact.erased_at is not None:
        raise NotFound("There is no contact with this id.")
    return contact


async def _begin_instead(tx: AsyncSession, marketing: Marketing, contact: Contact, row: ProfileRow) -> None:
    """End the other welcomes that the person is in, and begin this one; dispatch tells their workflows."""
    wanted = row.sequence or WELCOME
    by = and_(SequenceVersion.key == Journey.sequence, SequenceVersion.version == Journey.version)
    welcomes = or_(
        col(Journey.sequence).in_([*sequences_to_choose(marketing), wanted]),
        # One that is a magnet's own stands in for the welcome.
        SequenceVersion.definition["instead_of"].astext == WELCOME,
    )
    open_ones = select(Journey).where(col(Journey.contact_id) == contact.id, col(Journey.state).in_(OPEN))
    mine = open_ones.join(SequenceVersion, by).where(welcomes)
    for journey in (await tx.execute(mine)).scalars().all():
        if journey.sequence == wanted:
            continue
        end(journey, "exited", "overridden")
    why = "; ".join(row.because) or BY_HAND
    if not await begin(tx, contact, row.sequence, why):
        told = Incoming(
            type=REQUESTED,
            source=OURS,
            sender_id=f"override:{contact.id}:{row.made_at.isoformat()}",
            payload={"contact_id": str(contact.id), "sequence": wanted, "because": why},
        )
        await inbox.append(tx, told, contact.id)
    await tx.flush()
    await wake(tx, [contact.id])
