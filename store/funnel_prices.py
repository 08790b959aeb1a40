"""What a visitor pays at a step at this moment, from the one place that says what things cost now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import NotFound
from domain.funnel_flow import History, price_of
from domain.funnel_plan import TEMPLATES
from domain.funnels import Bump, Funnel, Step
from domain.marketing import Marketing
from domain.money import minor
from domain.offers import Priced, till_closes, together
from store import offers
from store.funnels import Basket


@dataclass(frozen=True, slots=True)
class Quote:
    """Amounts in the currency's main unit. `ends_at` is the real moment until which a promotion makes it so.

    `offered`: an offer of the funnel made it so. `bump_amount` is None where nothing can be added.
    """

    products: Sequence[str]
    name: str
    amount: Decimal
    list_amount: Decimal
    currency: str
    ends_at: datetime | None = None
    offered: bool = False
    bump: Bump | None = None
    bump_amount: Decimal | None = None
    bump_list: Decimal | None = None

    @property
    def saved(self) -> Decimal:
        """How much less it is than by the list."""
        return self.list_amount - self.amount

    def basket(self, at: datetime, *, bumped: bool) -> Basket:
        """What is taken to the till at the moment `at`."""
        added = self.bump_amount if bumped and self.bump is not None and self.bump_amount is not None else None
        more = [self.bump.product] if self.bump is not None and added is not None else []
        bump = minor(added, self.currency) if added is not None else 0
        return Basket(
            products=[*self.products, *more],
            amount=minor(self.amount, self.currency) + bump,
            currency=self.currency.lower(),
            open_until=till_closes(at, self.ends_at),
            bump_amount=bump,
            offered=self.offered,
        )


async def quote(
    tx: AsyncSession, marketing: Marketing, funnel: Funnel, step: Step, history: History, at: datetime
) -> Quote:
    """The step's price for a visitor with that history. Raises NotFound for what is not sold any more."""
    parts = [await offers.price(tx, marketing, key, at) for key in step.products]
    if not parts:
        raise NotFound("There is nothing to order on this page.")
    everybody = together(parts, step.price) if step.price is not None else together(parts, _sum(parts))
    amount = price_of(step, history, funnel, everybody.amount)
    bump, bump_amount, bump_list = await _bump(tx, marketing, step.bump, at)
    return Quote(
        products=list(step.products),
        name=_named(marketing, step.products),
        amount=amount,
        list_amount=everybody.list_amount,
        currency=everybody.currency,
        ends_at=everybody.ends_at if amount == everybody.amount else None,
        offered=amount < everybody.amount,
        bump=bump,
        bump_amount=bump_amount,
        bump_list=bump_list,
    )


async def _bump(
    tx: AsyncSession, marketing: Marketing, bump: Bump | None, at: datetime
) -> tuple[Bump | None, Decimal | None, Decimal | None]:
    """What can be added, for how much, and what it costs by the list. Nothing where it is not sold any more."""
    if bump is None or (bump.product == TEMPLATES and marketing.programme.templates is None):
        return None, None, None
    if bump.product == TEMPLATES:
        return bump, bump.price, None
    try:
        alone = await offers.price(tx, marketing, bump.product, at)
    except NotFound:
        return None, None, None
    return bump, min(bump.price, alone.amount), alone.list_amount


def _sum(parts: Sequence[Priced]) -> Decimal:
    return sum((part.list_amount for part in parts), Decimal())


def _named(marketing: Marketing, keys: Sequence[str]) -> str:
    """What stands on the bill."""
    names = [product.name for key in keys if (product := marketing.product(key))]
    return names[0] if len(names) == 1 else f"{len(names)} together: {', '.join(names)}"[:250]
