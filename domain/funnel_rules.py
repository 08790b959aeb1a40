"""`funnels` of marketing.yaml: what funnels ask for things, and which share of their visitors is to say yes."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Price = Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=2)]
# Of those who see a step, 0 to 1.
Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Free(_Strict):
    """A step that asks for no money."""

    target: Share | None = None


class Paid(Free):
    """A step that asks for `price`, in the currency of the book."""

    price: Price


class BumpRule(Paid):
    """What can be added to an order: a related book at `price`, else the programme's templates at `templates`."""

    price: Price = Decimal(7)
    templates: Price = Decimal(12)
    target: Share | None = 0.30


class FunnelRules(_Strict):
    """A price that is no less than the catalogue's is left out, and a step that would save nobody anything with it.

    `main` has no price of its own: the catalogue's holds. `days` is how long a challenge is, a page and a mail each.
    """

    opt_in: Free = Free(target=0.40)
    offer: Paid = Paid(price=Decimal("7.99"), target=0.10)
    main: Free = Free()
    bump: BumpRule = BumpRule()
    bundle: Paid = Paid(price=Decimal(39), target=0.15)
    downsell: Paid = Paid(price=Decimal("7.50"), target=0.25)
    days: int = Field(default=5, ge=1, le=14)
    # What stands beside the box for an address; without it no mail but what was asked for goes out.
    consent_wording: str = "Send it to me, and what goes with it. I can end this at any time."
    double_opt_in: bool = True
    tags: list[str] = Field(default_factory=list)
