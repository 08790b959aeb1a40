"""What a brand's launch is made of: for each of its books a magnet, a funnel and three sequences, and three offers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from domain.approval import APPROVED
from domain.errors import Invalid, NotFound

if TYPE_CHECKING:
    from domain.catalogue import Product
    from domain.marketing import Marketing

# In turn over the books, where the catalogue names none: a brand shows what it has in more than one way.
MAGNETS: Final = ("checklist", "free_chapter", "mini_guide", "quiz", "worksheet")
SEQUENCES: Final = ("welcome", "cart", "post_purchase")
OFFERS: Final = ("bundle", "tiers", "limited")
FUNNEL: Final = "value_ladder"

# How an asset of a launch stands, in the order in which it gets there. The last are where it stays.
WAITING: Final = "waiting"
REVIEW: Final = "for review"
LIVE: Final = "live"
TAKEN_BACK: Final = "taken back"
FINAL: Final = frozenset({LIVE, "rejected", "expired", "blocked", TAKEN_BACK})


@dataclass(frozen=True, slots=True)
class Planned:
    """One asset to ask for. `product` is the book's key, empty for what is about the brand; `needs` are slugs."""

    kind: str
    slug: str
    title: str
    product: str = ""
    options: dict[str, str] = field(default_factory=dict)
    needs: Sequence[str] = ()


def books(marketing: Marketing) -> list[Product]:
    """The products that have a text to make something of."""
    return [product for product in marketing.catalogue if product.source]


def check(marketing: Marketing, brand: str) -> None:
    """Raises NotFound for a brand that there is not, and Invalid for one without books."""
    if brand != marketing.brand.key:
        message = f"There is no brand {brand}. There is: {marketing.brand.key} ({marketing.brand.name})."
        raise NotFound(message)
    if not books(marketing):
        raise Invalid(
            "No product of the catalogue has a `source`: name the file of its text in marketing.yaml.", "brand"
        )


def plan(marketing: Marketing, strategy: str = FUNNEL) -> list[Planned]:
    """Everything, magnets first: what others lead to is written before them."""
    found = [(book, magnet_of(book, number)) for number, book in enumerate(books(marketing))]
    return [
        *(_magnet(book, kind) for book, kind in found),
        *(_funnel(book, kind, strategy) for book, kind in found),
        *(one for book, kind in found for one in _sequences(book, kind, strategy)),
        *(_offer(marketing, kind) for kind in OFFERS),
    ]


def magnet_of(book: Product, number: int) -> str:
    """Which kind of magnet a book is given away by; `number` counts the brand's books."""
    return book.magnet or MAGNETS[number % len(MAGNETS)]


def slug(*parts: str) -> str:
    """A place for an asset: `franklin-free-chapter`."""
    return "-".join(parts).replace("_", "-")


def _magnet(book: Product, kind: str) -> Planned:
    return Planned(kind, slug(book.key, kind), _title(book, kind), book.key)


def _funnel(book: Product, magnet: str, strategy: str) -> Planned:
    gift = slug(book.key, magnet)
    options = {"strategy": strategy, "magnet": gift}
    title = _title(book, f"{strategy} funnel")
    return Planned(f"funnel_{strategy}", slug(book.key, strategy), title, book.key, options, needs=[gift])


def _sequences(book: Product, magnet: str, strategy: str) -> Iterator[Planned]:
    """A welcome is for those who took the magnet, and waits for it; what follows a sale waits for nothing."""
    gift = slug(book.key, magnet)
    for kind in SEQUENCES:
        options = {"magnet": gift, "funnel": slug(book.key, strategy)}
        needs = [gift] if kind == "welcome" else []
        title = _title(book, f"{kind} sequence")
        yield Planned(f"sequence_{kind}", slug(book.key, kind), title, book.key, options, needs)


def _offer(marketing: Marketing, kind: str) -> Planned:
    return Planned(f"offer_{kind}", slug(marketing.brand.key, kind), f"{marketing.brand.name}: {kind}")


def _title(book: Product, what: str) -> str:
    return f"{book.name}: {what.replace('_', ' ')}"


def stands(
    asset: str, review: str | None, *, published: bool, live: bool, ended: bool = False, missing: Sequence[str] = ()
) -> str:
    """How an asset stands, in one word: by its own state, its review's, and whether all that it needs is there.

    `missing` is how those stand that it needs and that are not live; where one of them never will be, it is `blocked`.
    """
    if review is None:
        return asset
    if ended and review == APPROVED:
        return TAKEN_BACK
    if live:
        return LIVE
    if published:
        return "blocked" if FINAL & set(missing) else "published"
    return {"pending": REVIEW, "regenerated": "being rewritten"}.get(review, review)
