"""Offline drafts of a brand's offers: the catalogue's own words about each product, and plain sentences around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from domain import offer_terms, seasons
from domain.briefs import Brief
from domain.catalogue import Product
from domain.marketing import Brand
from providers.llm.facts import Wish

_NUMBERS: Final = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_ARTICLES: Final = ("a ", "an ", "the ")
NOTE: Final = "Written offline, from the catalogue's own words."
NO_WISHES: Final = "The offline writer cannot follow instructions here: an offer has no other words to choose from."


def bundle(brief: Brief, wish: Wish) -> dict[str, Any]:
    """All of it together."""
    products = offer_terms.bundle(brief.marketing, brief.options).products
    brand, what = brief.marketing.brand, _counted(products)
    return {
        "title": f"{what.capitalize()} from {brand.name} in one bundle",
        "summary": _joined(f"{_all(products).capitalize()} together, for less than they cost one by one.", _for(brand)),
        "items": _items(products),
        "call_to_action": f"Get {_all(products)}",
        "note": _note(wish),
    }


def tiers(brief: Brief, wish: Wish) -> dict[str, Any]:
    """One product, more of them, all of them: each tier says what it adds."""
    terms = offer_terms.tiers(brief.marketing, brief.options)
    names = [_counted(one.products).capitalize() for one in terms[:-1]] + [_all(terms[-1].products).capitalize()]
    first, second, third = (one.products for one in terms)
    more, rest = second[len(first) :], third[len(second) :]
    who = [
        "To begin with.",
        f"All of the first tier, and {_counted(more, more=True)}.",
        f"All of the second tier, and {_counted(rest, more=True)}: nothing is left out.",
    ]
    added = (first, more, rest)
    return {
        "title": f"{brief.marketing.brand.name}: start with one, or take them all",
        "summary": _joined("Each tier holds everything of the one before it, and more.", _for(brief.marketing.brand)),
        "tiers": [
            {"name": name, "who": line, "adds": _items(products)}
            for name, line, products in zip(names, who, added, strict=True)
        ],
        "call_to_action": "Choose this one",
        "note": _note(wish),
    }


def limited(brief: Brief, wish: Wish) -> dict[str, Any]:
    """A lower price for a while."""
    return _cheaper(brief, wish, "For a short time")


def seasonal(brief: Brief, wish: Wish) -> dict[str, Any]:
    """A lower price in a season. Raises Invalid for one that there is not."""
    return _cheaper(brief, wish, seasons.season(brief.options.get("season", "")).name)


def _cheaper(brief: Brief, wish: Wish, when: str) -> dict[str, Any]:
    products = offer_terms.offered(brief.marketing, brief.options, 1)
    brand = brief.marketing.brand
    what = _counted(products) if len(products) > 1 else products[0].name
    each = "Each of them costs" if len(products) > 1 else "It costs"
    return {
        "title": f"{when}: {what} from {brand.name} for less",
        "summary": _joined(f"{each} less until the offer ends, and then the list price again.", _for(brand)),
        "items": _items(products),
        "call_to_action": "Choose yours" if len(products) > 1 else "Get it for less",
        "note": _note(wish),
    }


def _items(products: Sequence[Product]) -> list[dict[str, str]]:
    return [{"product": one.key, "why": one.description or f"{one.name}."} for one in products]


def _counted(products: Sequence[Product], *, more: bool = False) -> str:
    """`five books`, `two more books`, `one training`."""
    number, one = _NUMBERS[len(products)], "title"
    if all(product.source for product in products):
        one = "book"
    elif all(product.kind == "training" for product in products):
        one = "training"
    return " ".join(filter(None, (number, "more" if more else "", one if len(products) == 1 else f"{one}s")))


def _all(products: Sequence[Product]) -> str:
    told = _counted(products)
    return f"both {told.removeprefix('two ')}" if told.startswith("two ") else f"all {told}"


def _for(brand: Brand) -> str:
    """Whom the brand is for, in its own words."""
    told = brand.ideal_customer.strip().rstrip(".")
    if not told:
        return ""
    plain = told[0].lower() + told[1:] if told.lower().startswith(_ARTICLES) else told
    return f"For {plain}." if plain != told else f"Whom it is for: {told}."


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _note(wish: Wish) -> str:
    return f"{NOTE} {NO_WISHES}" if wish.text or wish.size else NOTE
