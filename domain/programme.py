"""What the shipped sequences offer: one book, a bonus, a way to answer."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class Bonus(BaseModel):
    """Something extra, and where buyers get it."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    url: str


class Offer(BaseModel):
    """What something costs on a page of its own that charges exactly this."""

    model_config = ConfigDict(extra="forbid")

    price: Decimal = Field(ge=0)
    currency: str = "USD"
    url: str = Field(pattern=r"^https?://[^\s]+$")


class Programme(BaseModel):
    """`book` is the product that welcome, nurture and win-back offer; `launched` the one that a launch is about.

    `any_book` is what buyers pay for any other one; mails promise it only where it stands here. `templates` go to
    buyers who came for a checklist. `survey_url` is where those who leave may say why; at `billing_url` customers
    change their card or their plan (the login page of Stripe's customer portal, say).
    `ai_personalization` lets a profile choose what a person is offered, `ai_upsells` what is recommended after a
    purchase; both are off until somebody turns them on. `features` gives the product's features the names that people
    know them by, `tips` a sentence or two on how to use them better.
    """

    model_config = ConfigDict(extra="forbid")

    book: str | None = None
    launched: str | None = None
    templates: Bonus | None = None
    any_book: Offer | None = None
    survey_url: str | None = None
    review_url: str | None = None
    billing_url: str | None = None
    features: dict[str, str] = Field(default_factory=dict)
    tips: dict[str, str] = Field(default_factory=dict)
    ai_personalization: bool = False
    ai_upsells: bool = False
