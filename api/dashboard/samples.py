"""A person who does not exist, so that a sequence's mails can be looked at before anybody gets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.catalogue import Product
from domain.marketing import Marketing
from domain.programme import Programme
from domain.sequences import Sequence, Step
from domain.webinars import Slot, google_link, outlook_link
from providers.rendering import Rendered, compile_email, load_frame
from providers.rendering.written import compile_written
from store.contexts.programme import offered
from store.written_mails import WrittenMail

HOURS_LEFT = 24


def sample(
    config_dir: Path, marketing: Marketing, definition: Sequence, step: Step, written: WrittenMail | None = None
) -> Rendered:
    """The step's mail for that person, from the folder or as it was `written` with its sequence.

    Raises TemplateError; takes some milliseconds of a thread.
    """
    folder, name = config_dir / "emails", step.template or step.key
    frame = load_frame(folder / "_frame.mjml")
    if written is None or (folder / name).is_dir():
        compiled = compile_email(folder / name, frame)
    else:
        compiled = compile_written(name, written.words, written.why, frame)
    made = context(marketing, step, _percent(definition, step))
    return compiled.render({**made, **_own(marketing, definition, made)})


def _own(marketing: Marketing, definition: Sequence, made: dict[str, Any]) -> dict[str, Any]:
    """What a sequence that has a product of its own says of it."""
    product = marketing.product(definition.product) if definition.product else None
    if product is None:
        return {}
    own, lies = offered(product), _product(product)
    cart = {**made["cart"], "items": [{**lies, "quantity": 1}], "total": lies["price"]}
    launch = {**made["launch"], "product": own}
    return {"book": own, "product": own, "launch": launch, "cart": cart, "purchases": [lies], "products": [lies]}


def context(marketing: Marketing, step: Step, percent: int | None = None) -> dict[str, Any]:
    """Everything that a mail may speak of, made up; `percent` is what its sequence's code takes off."""
    products = [_product(product) for product in marketing.catalogue]
    starts = datetime.now(UTC).replace(hour=14, minute=0, second=0, microsecond=0) + timedelta(days=3)
    items = [{"name": one["name"], "quantity": 1, "price": one["price"]} for one in products[:2]]
    return _programme(marketing, starts) | {
        "brand": marketing.brand.model_dump(mode="json"),
        "contact": {"first_name": "Ada", "email": "ada@example.com", "company": "Analytical Engines"},
        "virtual_day": step.at.days,
        "purchases": products[:2],
        "products": products[:2],
        "recommendations": products[2:4] or products[:1],
        "order": {"number": "1A2B3C4D", "items": products[:2], "total": "98.00", "currency": "USD"},
        "booking": {
            "uid": "sample", "event_name": "Demo", "starts_at": starts, "starts": starts,
            "ends": starts + timedelta(minutes=30), "replaces": None, "join_url": None, "reschedule_url": None,
            "cancel_url": None,
        },
        "webinar": _webinar(starts),
        "delivery": {
            "titles": [one["name"] for one in products[:1]], "formats": ["EPUB", "PDF"], "url": marketing.brand.url,
            "valid_until": starts,
        },
        "subscription": {
            "amount": "290.00", "currency": "EUR", "every": "year", "ends": starts, "lapsed": starts,
            "pay_url": marketing.programme.billing_url, "billing_url": marketing.programme.billing_url,
        },
        "cart": {"items": items, "total": "98.00", "currency": "USD", "url": marketing.brand.url},
        "discount": {
            "code": "SAMPLECODE", "percent": percent or step.discount_percent or 10, "hours_left": HOURS_LEFT,
            "valid_until": datetime.now(UTC) + timedelta(hours=HOURS_LEFT),
        },
        "unsubscribe_url": "#", "preferences_url": "#", "confirm_url": "#",
    }  # fmt: skip


def _webinar(starts: datetime) -> dict[str, Any]:
    """A webinar in three days."""
    slot = Slot("Quiet nights on call", starts, starts + timedelta(hours=1), "UTC", "https://meet.example/quiet")
    return {
        "code": "WB003",
        "title": slot.title,
        "description": "",
        "starts_at": starts,
        "your_time": None,
        "minutes": 60,
        "join_url": slot.url,
        "survey_url": "https://survey.example/quiet",
        "google_url": google_link(slot),
        "outlook_url": outlook_link(slot),
        "office_url": outlook_link(slot),
        "time_changed": True,
    }


def _percent(definition: Sequence, step: Step) -> int | None:
    """What the code takes off that the sequence made last before this mail."""
    percent = None
    for one in definition.walk():
        if one.key == step.key:
            break
        percent = one.body["percent"] if one.kind == "discount" else percent
    return percent


def _programme(marketing: Marketing, moment: datetime) -> dict[str, Any]:
    """What the shipped programme speaks of, as the configuration tells it: what it does not tell, no preview shows."""
    programme, book = marketing.programme, marketing.book
    launched = marketing.product(programme.launched) if programme.launched else None
    magnet = next(iter(marketing.magnets), None)
    templates = programme.templates
    feature, tip = next(iter(programme.tips.items()), ("exports", None))
    return {
        "magnet": {"title": magnet.title, "url": marketing.brand.url, "valid_until": moment} if magnet else None,
        "bonus": {"title": templates.title} if templates else None,
        "any_book": _offer(programme),
        # Offers stand in rows and not in the configuration: a preview shows none.
        "offer": None,
        "gift": {"title": templates.title, "url": templates.url} if templates else None,
        "book": offered(book) if book else None,
        "launch": {"product": offered(launched) if launched else None, "date": moment},
        "product": offered(book) if book else None,
        "feature": programme.features.get(feature, feature),
        "tip": tip,
        "survey_url": programme.survey_url,
        "review_url": programme.review_url,
    }


def _offer(programme: Programme) -> dict[str, Any] | None:
    offer = programme.any_book
    return {"price": f"{offer.price:.2f}", "currency": offer.currency, "url": offer.url} if offer else None


def _product(product: Product) -> dict[str, Any]:
    return {
        "key": product.key,
        "name": product.name,
        "price": f"{product.price:.2f}",
        "currency": product.currency,
        "url": product.url,
        "description": product.description,
    }
