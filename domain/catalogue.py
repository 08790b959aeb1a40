"""What is sold and given away, as `config/marketing.yaml` tells it. What is not told there is said nowhere."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.programme import Bonus

LIST_PRICE = Decimal("14.99")
_KEY = r"^[a-z0-9][a-z0-9-]*$"
MagnetKind = Literal["checklist", "free_chapter", "mini_guide", "quiz", "worksheet", "video_transcript"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Quote(_Strict):
    """What a reader said, in their words, with the name that they agreed to stand under."""

    text: str = Field(min_length=1, max_length=600)
    by: str = Field(min_length=1, max_length=100)
    role: str = ""


class File(_Strict):
    """Something that a buyer downloads: `path` below the configuration folder."""

    title: str = Field(min_length=1)
    path: str = Field(min_length=1)


class Product(_Strict):
    """A thing that is sold. `kind` decides which purchase journey it begins.

    `intro_price` is what new readers pay at `intro_url`, and at no other place. `reviews` were left at a shop,
    `testimonials` were given to us; mails show both as quotes and leave the block out where there are none. At
    `review_url` a reader can leave one. `quick_win` is what to do first with it, a paragraph each, and `bonus`
    what comes on top for buyers. Below the configuration folder are `source`, its text: what assets are made of, and
    `cover`, the picture that our pages show. `magnet` is the kind of thing that is given away of it.
    """

    key: str = Field(pattern=_KEY)
    name: str
    kind: Literal["training", "digital"]
    price: Decimal = Field(default=LIST_PRICE, ge=0)
    currency: str = "USD"
    url: str | None = None
    description: str = ""
    audience: str = ""
    cover: str | None = None
    chapters: list[str] = Field(default_factory=list)
    reviews: list[Quote] = Field(default_factory=list)
    testimonials: list[Quote] = Field(default_factory=list)
    files: list[File] = Field(default_factory=list)
    source: str | None = None
    magnet: MagnetKind | None = None
    related: list[str] = Field(default_factory=list)
    stripe_product: str | None = None
    intro_price: Decimal | None = Field(default=None, ge=0)
    intro_url: str | None = None
    review_url: str | None = None
    quick_win: list[str] = Field(default_factory=list)
    bonus: Bonus | None = None

    @model_validator(mode="after")
    def _intro_is_whole(self) -> Product:
        if (self.intro_price is None) != (self.intro_url is None):
            raise ValueError("intro_price and intro_url belong together: the page where that price is charged")
        if self.intro_price is not None and self.intro_price >= self.price:
            raise ValueError("intro_price must be below price")
        return self

    @property
    def quotes(self) -> list[Quote]:
        """What readers said of it."""
        return [*self.testimonials, *self.reviews]


class Magnet(_Strict):
    """What is given for an address: a `file` below the configuration folder, or the `url` of one elsewhere."""

    key: str = Field(pattern=_KEY, max_length=60)
    title: str = Field(min_length=1, max_length=120)
    kind: MagnetKind
    file: str | None = None
    url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")

    @model_validator(mode="after")
    def _is_somewhere(self) -> Magnet:
        if (self.file is None) == (self.url is None):
            raise ValueError("name the magnet's file or its url")
        return self
