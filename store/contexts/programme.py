"""What the shipped programme speaks of: the book, what was given away for an address, and what comes with an order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.catalogue import Product
from store import magnets
from store.base import now
from store.contexts.asked import Asked, Context
from store.contexts.shown import shown
from store.recommending import offer_for
from store.zones import zone_of

# How long (virtual) the link to a lead magnet is good.
LINK_LIVES = timedelta(days=30)


async def book(asked: Asked, context: Context) -> str | None:
    """What the sequence is about, else the product that this person is offered, with what readers said of it."""
    own = asked.definition.product
    product = asked.marketing.product(own) if own else await offer_for(asked.tx, asked.marketing, asked.contact)
    if product is not None:
        context["book"] = offered(product)
    return None


async def magnet(asked: Asked, context: Context) -> str | None:
    """What the person asked for. Its link is made where the mail is composed, from `key` and the real `ends`."""
    found = await magnets.find(asked.tx, asked.marketing, str(asked.contact.attributes.get("magnet") or ""))
    if found is not None:
        ends = now() + asked.clock.real_span(LINK_LIVES)
        until = asked.clock.virtual(ends).astimezone(zone_of(asked.contact.timezone))
        context["magnet"] = {
            "key": found.key, "title": found.title, "kind": found.kind, "ends": ends, "valid_until": until,
        }  # fmt: skip
    return None


async def bonus(asked: Asked, context: Context) -> str | None:
    """The templates, for somebody who came for a checklist: promised here, and given after the order."""
    templates = asked.marketing.programme.templates
    if templates is not None and asked.contact.attributes.get("magnet_kind") == "checklist":
        context["bonus"] = {"title": templates.title}
    return None


async def gift(asked: Asked, context: Context) -> str | None:
    """The bonus itself; `no_bonus` where the configuration has none any more."""
    templates = asked.marketing.programme.templates
    if templates is None:
        return "no_bonus"
    context["gift"] = {"title": templates.title, "url": templates.url}
    return None


async def any_book(asked: Asked, context: Context) -> str | None:
    """What buyers pay for any other book, and where."""
    offer = asked.marketing.programme.any_book
    if offer is not None:
        context["any_book"] = {"price": f"{offer.price:.2f}", "currency": offer.currency, "url": offer.url}
    return None


async def launch(asked: Asked, context: Context) -> str | None:
    """What comes out, and when (virtual, as the sequence says it)."""
    key = asked.definition.product or asked.marketing.programme.launched
    product = asked.marketing.product(key) if key else None
    written = asked.definition.launch_date
    date = datetime.fromisoformat(written).replace(tzinfo=UTC) if written else None
    context["launch"] = {"product": offered(product) if product else None, "date": date}
    return None


async def addresses(asked: Asked, context: Context) -> str | None:
    """Where those who leave may say why, and where others may say what they like."""
    context["survey_url"] = asked.marketing.programme.survey_url
    context["review_url"] = asked.marketing.programme.review_url
    return None


def offered(product: Product) -> Context:
    """A product with all that a mail may tell to those who do not have it yet."""
    return {
        **shown(product),
        "noun": "book" if product.kind == "digital" else "training",
        "audience": product.audience,
        "chapters": product.chapters,
        "quotes": [quote.model_dump() for quote in product.quotes],
        "review_url": product.review_url,
        "quick_win": product.quick_win,
        "bonus": product.bonus.model_dump() if product.bonus else None,
        "intro_price": f"{product.intro_price:.2f}" if product.intro_price is not None else None,
        "intro_url": product.intro_url,
    }
