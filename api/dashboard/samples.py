"""A person who does not exist, so that a sequence's mails can be looked at before anybody gets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.marketing import Marketing, Product
from domain.sequences import Step
from providers.rendering import Rendered, compile_email, load_frame

HOURS_LEFT = 24


def sample(config_dir: Path, marketing: Marketing, step: Step) -> Rendered:
    """The step's mail for that person. Raises TemplateError; takes some milliseconds of a thread."""
    folder = config_dir / "emails"
    compiled = compile_email(folder / (step.template or step.key), load_frame(folder / "_frame.mjml"))
    return compiled.render(context(marketing, step))


def context(marketing: Marketing, step: Step) -> dict[str, Any]:
    """Everything that a mail may speak of, made up."""
    products = [_product(product) for product in marketing.catalogue]
    starts = datetime.now(UTC).replace(hour=14, minute=0, second=0, microsecond=0) + timedelta(days=3)
    items = [{"name": one["name"], "quantity": 1, "price": one["price"]} for one in products[:2]]
    return {
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
        "cart": {"items": items, "total": "98.00", "currency": "USD", "url": marketing.brand.url},
        "discount": {
            "code": "SAMPLE10", "percent": step.discount_percent or 10, "hours_left": HOURS_LEFT,
            "valid_until": starts,
        },
        "unsubscribe_url": "#", "preferences_url": "#",
    }  # fmt: skip


def _product(product: Product) -> dict[str, Any]:
    return {
        "key": product.key,
        "name": product.name,
        "price": f"{product.price:.2f}",
        "currency": product.currency,
        "url": product.url,
        "description": product.description,
    }
