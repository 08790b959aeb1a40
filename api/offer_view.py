"""How an offer's page is made: the approved words, and beside them what everything costs at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse

from api.covers import covers
from api.deps import Services
from api.funnel_view import name_of, public_page
from domain.clock import Clock
from domain.money import spoken
from domain.offers import Priced, spoken_left
from domain.written_offers import Held, OfferSeasonal
from providers.rendering.filters import when
from store.offer_prices import Item, Shown
from store.zones import zone_of

ZONE = "zone"


def offer_page(
    services: Services, request: Request, found: Shown, at: datetime, clock: Clock, *, wrong: str = "",
    status: int = HTTPStatus.OK,
) -> HTMLResponse:  # fmt: skip
    """The page as it stands at the real moment `at`; its zone is the one that the address names, else UTC."""
    zone = zone_of(request.query_params.get(ZONE, "")[:60])

    def moment(real: datetime | None) -> str:
        return when(clock.virtual(real).astimezone(zone)) if real else ""

    def until(item: Item) -> str:
        """When the price goes up, where that is another moment than the offer's own end."""
        return moment(item.priced.ends_at) if item.priced.ends_at != found.ends_at else ""

    left = spoken_left(clock.virtual(found.ends_at) - clock.virtual(at)) if found.ends_at else ""
    words = found.words
    return public_page(
        "offer.html",
        services,
        status=status,
        brand=services.marketing.brand,
        words=words,
        season=words.season if isinstance(words, OfferSeasonal) else "",
        stands=found.stands,
        items=[{**_item(services, item), "until": until(item)} for item in found.items],
        starts=moment(found.starts_at),
        ends=moment(found.ends_at),
        left=left,
        iso=found.ends_at.astimezone(UTC).isoformat() if found.ends_at else "",
        action=f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path,
        canonical=f"{services.settings.public_url}/o/{found.slug}",
        wrong=wrong,
    )


def _item(services: Services, item: Item) -> dict[str, Any]:
    told = _prices(item.priced)
    return {
        **told,
        "key": item.key,
        "name": item.name,
        "who": item.who,
        "includes": item.includes,
        "adds": [_held(services, held) for held in item.adds],
        "one": len(item.products) == 1,
        "covers": covers(services, item.products),
    }


def _held(services: Services, held: Held) -> dict[str, str]:
    product = services.marketing.product(held.product)
    listed = spoken(product.price, product.currency) if product else ""
    return {"name": name_of(services, held.product), "why": held.why, "listed": listed}


def _prices(priced: Priced) -> dict[str, str]:
    """Amounts as people read them; a saving only where there is one."""
    saved = priced.saved > 0
    return {
        "amount": spoken(priced.amount, priced.currency),
        "listed": spoken(priced.list_amount, priced.currency) if saved else "",
        "saved": spoken(priced.saved, priced.currency) if saved else "",
        "seen": str(priced.amount),
    }


def bill(services: Services, keys: Sequence[str]) -> str:
    """What stands on the bill."""
    names = [name_of(services, key) for key in keys]
    return names[0] if len(names) == 1 else f"{len(names)} together: {', '.join(names)}"[:250]
