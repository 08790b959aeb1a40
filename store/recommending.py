"""What mails recommend to a person: what somebody of the team chose, else a model, else what the catalogue relates."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from domain.catalogue import Product
from domain.marketing import Marketing
from domain.purchases import recommend
from store.contacts import Contact
from store.profiles import PERSON, profile_of, recommendation_of
from store.purchases import all_of, still_owned


@dataclass(frozen=True, slots=True)
class Shelf:
    """Keys of what a person has, in the order in which they bought it, and of what they gave back."""

    owned: Sequence[str]
    given_back: Collection[str]

    def candidates(self, marketing: Marketing) -> list[Product]:
        """Everything else of the catalogue, what goes with their purchases first."""
        first = recommend(marketing, self.owned, len(marketing.catalogue), self.given_back)
        known = {*self.owned, *self.given_back, *(product.key for product in first)}
        return [*first, *(product for product in marketing.catalogue if product.key not in known)]


async def shelf_of(tx: AsyncSession, contact: Contact) -> Shelf:
    """What the person has and had."""
    ever = await all_of(tx, contact)
    owned = await still_owned(tx, contact, ever)
    return Shelf(owned, {key for order in ever for key in order.products} - set(owned))


async def recommended(tx: AsyncSession, marketing: Marketing, contact: Contact, shelf: Shelf) -> list[Product]:
    """Never what the person has or gave back by now, whoever chose it, and whenever."""
    row = await recommendation_of(tx, contact.id)
    if row is not None and (row.made_by == PERSON or marketing.programme.ai_upsells):
        still = {product.key: product for product in shelf.candidates(marketing)}
        chosen = [still[key] for key in row.products if key in still]
        if chosen:
            return chosen
    return recommend(marketing, shelf.owned, given_back=shelf.given_back)


async def offer_for(tx: AsyncSession, marketing: Marketing, contact: Contact) -> Product | None:
    """What mails offer to this person: what their profile chose, unless they have it; else the programme's book."""
    row = await profile_of(tx, contact.id)
    if row is None or not row.offer or not (row.made_by == PERSON or marketing.programme.ai_personalization):
        return marketing.book
    product, shelf = marketing.product(row.offer), await shelf_of(tx, contact)
    return product if product is not None and product.key not in {*shelf.owned, *shelf.given_back} else marketing.book
