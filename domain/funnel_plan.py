"""Which steps a strategy has for a product: what each sells, for how much, and where it leads, by the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from domain.errors import Invalid
from domain.funnels import STRATEGIES, Bump, Funnel, StepKind

if TYPE_CHECKING:
    from domain.briefs import Brief
    from domain.catalogue import Product
    from domain.marketing import Marketing

PREFIX: Final = "funnel_"
# The programme's templates as something that is sold: they are in no catalogue.
TEMPLATES: Final = "templates"
WORDS: Final = {"key", "headline", "text", "bullets", "button", "decline"}
END: Final = "confirmation"
MAIN: Final = "main-offer"
BUNDLE: Final = "bundle"
# At most so many things in a bundle.
BUNDLED: Final = 8


@dataclass(frozen=True, slots=True)
class Outline:
    """One step before it has words; the fields are those of `Step`. `about` tells a writer what it is for."""

    key: str
    kind: StepKind
    about: str
    yes: str = ""
    no: str = ""
    terms: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Material:
    marketing: Marketing
    product: Product
    bump: Bump | None
    bundle: Sequence[Product]


def plan(brief: Brief, strategy: str) -> list[Outline]:
    """The steps, each before those that it leads to. Raises Invalid without a product, or for no such strategy."""
    make = _STRATEGIES.get(strategy)
    if make is None:
        raise Invalid(f"There is no funnel strategy {strategy}. There are: {', '.join(STRATEGIES)}.", "strategy")
    if brief.product is None:
        raise Invalid("A funnel sells something: name the product that it is about.", "product")
    bump = bump_of(brief.marketing, brief.product)
    return make(_Material(brief.marketing, brief.product, bump, bundle_of(brief.marketing, brief.product, bump)))


def complete(funnel: Funnel, brief: Brief, strategy: str) -> Funnel:
    """The writer's words in the plan's steps. Raises Invalid where a step has no words, or there is one too many."""
    outlines = plan(brief, strategy)
    words = {step.key: step for step in funnel.steps}
    if set(words) != {one.key for one in outlines}:
        wanted = ", ".join(one.key for one in outlines)
        raise Invalid(f"A funnel needs words for these steps and no others: {wanted}.", "steps")
    # Nothing but words is taken over: what else a model may have said does not count.
    steps = [
        {**words[one.key].model_dump(include=WORDS), "kind": one.kind, "yes": one.yes, "no": one.no, **one.terms}
        for one in outlines
    ]
    product = brief.product
    update: dict[str, Any] = {
        "steps": steps,
        "strategy": strategy,
        "product": product.key if product else "",
        "currency": product.currency if product else "USD",
        "magnet": brief.options.get("magnet", ""),
        "webinar": brief.options.get("webinar", ""),
    }
    return Funnel.model_validate({"note": funnel.note, "description": funnel.description, **update})


def books(marketing: Marketing, product: Product) -> list[Product]:
    """Everything else to read or keep that is sold in the same currency, related things first."""
    ranked = [*(found for key in product.related if (found := marketing.product(key))), *marketing.catalogue]
    unique = {one.key: one for one in ranked if one.kind == "digital" and one.currency == product.currency}
    return [one for key, one in unique.items() if key != product.key]


def bump_of(marketing: Marketing, product: Product) -> Bump | None:
    """A related book, else the templates; None where there is neither."""
    rule = marketing.funnels.bump
    related = next((one for one in books(marketing, product) if one.key in product.related), None)
    if related is not None:
        price = min(rule.price, related.price)
        return Bump(product=related.key, name=related.name, price=price) if price else None
    templates = marketing.programme.templates
    return Bump(product=TEMPLATES, name=templates.title, price=rule.templates) if templates else None


def bundle_of(marketing: Marketing, product: Product, bump: Bump | None) -> list[Product]:
    """What the buyer of a book can have besides; empty where it would save nothing. Never what the order may hold."""
    taken = bump.product if bump else ""
    found = [one for one in books(marketing, product) if one.key != taken][:BUNDLED]
    return found if len(found) > 1 and _sum(found) > marketing.funnels.bundle.price else []


def _value_ladder(given: _Material) -> list[Outline]:
    rules = given.marketing.funnels
    after = MAIN if _reader_price(given) is not None else END
    offer = {"target": rules.offer.target, "reader_price": _reader_price(given)}
    return [
        Outline("opt-in", "capture", "asks for an address and gives the lead magnet", "thank-you" if after == MAIN else
                MAIN, terms={"target": rules.opt_in.target}),
        *([Outline("thank-you", "offer", "says that the magnet is on its way, and offers the book at a lower price",
                   MAIN, END, {**offer, "products": [given.product.key]})] if after == MAIN else []),
        *_closing(given, _main(given, _reader_price(given))),
    ]  # fmt: skip


def _tripwire(given: _Material) -> list[Outline]:
    rules = given.marketing.funnels
    price = _reader_price(given)
    terms = _main(given) | ({"price": price, "target": rules.offer.target} if price is not None else {})
    gift = Outline("gift", "capture", "gives the lead magnet to who did not buy", END,
                   terms={"target": rules.opt_in.target})  # fmt: skip
    order, *rest = _closing(given, terms, key="offer", no="gift")
    return [order, *rest[:-1], gift, rest[-1]]


def _webinar(given: _Material) -> list[Outline]:
    return [
        Outline("register", "capture", "asks for an address and gives a place in the webinar", "registered",
                terms={"target": given.marketing.funnels.opt_in.target}),
        Outline("registered", "offer", "says that the place is taken, and what the book is for until then", MAIN, END,
                {"products": [given.product.key]}),
        *_closing(given, _main(given)),
    ]  # fmt: skip


def _challenge(given: _Material) -> list[Outline]:
    days = given.marketing.funnels.days
    lessons = [
        Outline(f"day-{day}", "lesson", f"gives one thing to do on day {day}, with its reason",
                f"day-{day + 1}" if day < days else MAIN)
        for day in range(1, days + 1)
    ]  # fmt: skip
    return [
        Outline("join", "capture", f"asks for an address and begins a challenge of {days} days", "day-1",
                terms={"target": given.marketing.funnels.opt_in.target}),
        *lessons,
        *_closing(given, _main(given)),
    ]  # fmt: skip


_STRATEGIES: Final[Mapping[str, Callable[[_Material], list[Outline]]]] = MappingProxyType(
    {"value_ladder": _value_ladder, "tripwire": _tripwire, "webinar": _webinar, "challenge": _challenge}
)


def _reader_price(given: _Material) -> Decimal | None:
    """What new readers pay; None where that is no less than everybody pays."""
    price = given.product.intro_price or given.marketing.funnels.offer.price
    return price if price < given.product.price else None


def _main(given: _Material, reader_price: Decimal | None = None) -> dict[str, Any]:
    rules = given.marketing.funnels
    return {
        "products": [given.product.key], "reader_price": reader_price,
        "target": rules.main.target, "bump": given.bump, "bump_target": rules.bump.target if given.bump else None,
        "opens": True,
    }  # fmt: skip


def _closing(given: _Material, order: dict[str, Any], *, key: str = MAIN, no: str = "last-offer") -> list[Outline]:
    """From the order to the end: the bundle, one thing of it for who does not want all, and a last word on the book."""
    rules, end = given.marketing.funnels, END
    lower = rules.downsell
    bundled = [one.key for one in given.bundle]
    single = [one for one in given.bundle if lower.price < one.price][:1]
    last = no != "last-offer" or lower.price < (given.product.intro_price or given.product.price)
    steps = [Outline(key, "order", "the book's own page: what is in it, and the order", BUNDLE if bundled else end,
                     no if last else end, order)]  # fmt: skip
    if bundled:
        terms = {"products": bundled, "price": rules.bundle.price, "target": rules.bundle.target}
        steps.append(Outline(BUNDLE, "upsell", "more books together, for who has just bought", end,
                             "downsell" if single else end, terms))  # fmt: skip
    if bundled and single:
        steps.append(_lower("downsell", "one book alone, for who did not want the bundle", single[0], given))
    if last and no == "last-offer":
        steps.append(_lower(no, "the book once more at a lower price, for who did not order", given.product, given))
    return [*steps, Outline(end, "confirm", "says thank you and what comes now")]


def _lower(key: str, about: str, product: Product, given: _Material) -> Outline:
    rule = given.marketing.funnels.downsell
    terms = {"products": [product.key], "price": rule.price, "target": rule.target}
    return Outline(key, "downsell", about, END, END, terms)


def _sum(products: Sequence[Product]) -> Decimal:
    return sum((one.price for one in products), Decimal())
