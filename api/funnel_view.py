"""How a funnel's page is made: the approved words, and beside them only what rows and configuration say now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from starlette.responses import HTMLResponse

from api.covers import Cover, covers
from api.deps import Services
from api.pages import rendered
from api.public_files import public_url
from api.visitors import known_visitor
from domain.errors import NotFound
from domain.funnel_flow import History, opening
from domain.funnel_plan import TEMPLATES
from domain.funnels import Funnel, Step
from domain.money import major, spoken
from providers.rendering.filters import when
from store import assets, funnels
from store.base import now
from store.funnel_prices import Quote, quote
from store.funnels import FunnelCheckout
from store.webinars import Webinar
from store.zones import zone_of

CHANNEL: Final = "funnel"
# Pages that say the same to everybody; the others depend on the visitor, or on prices that end.
SHARED: Final = frozenset({"capture"})
KEPT: Final = "public, max-age=60"
# Readers' words on an order's page, at most.
QUOTES: Final = 3
FUNNELS_KEPT: Final = 100
_read: dict[str, Funnel] = {}
PAYS_AT: Final = "https://checkout.stripe.com"


@dataclass(frozen=True, slots=True)
class Place:
    """A visitor's place in a live funnel. `here` is the step that they see, whichever they asked for."""

    slug: str
    funnel: Funnel
    here: Step
    history: History = field(default_factory=dict)

    def path(self, key: str) -> str:
        """The address of a step."""
        return way(self.slug, self.funnel, key)


def way(slug: str, funnel: Funnel, key: str) -> str:
    """The address of a step of a funnel; the first one has the funnel's own."""
    return f"/f/{slug}" if key == funnel.first.key else f"/f/{slug}/{key}"


async def find(tx: AsyncSession, slug: str) -> Funnel:
    """The live funnel; words that were approved are read once a process. Raises NotFound."""
    row = await assets.live(tx, slug, CHANNEL)
    if row.digest not in _read:
        if len(_read) >= FUNNELS_KEPT:
            _read.clear()
        _read[row.digest] = Funnel.model_validate(row.body)
    return _read[row.digest]


async def place(tx: AsyncSession, services: Services, request: Request, slug: str, key: str) -> Place:
    """Where the browser's visitor is, who asked for `key` (empty: the first step). Raises NotFound."""
    funnel = await find(tx, slug)
    visitor = known_visitor(request, services)
    history = await funnels.history(tx, visitor, slug) if visitor else {}
    here = opening(funnel, history, key or funnel.first.key)
    return Place(slug, funnel, funnel.step(here), history)


async def show(
    tx: AsyncSession, services: Services, request: Request, at: Place, *, wrong: str = "", filled: str = "",
    status: int = HTTPStatus.OK,
) -> HTMLResponse:  # fmt: skip
    """The page of the step `at.here`."""
    step, brand = at.here, services.marketing.brand
    priced = await quote(tx, services.marketing, at.funnel, step, at.history, now()) if step.products else None
    visitor = known_visitor(request, services)
    product = services.marketing.product(at.funnel.product)
    paid = await funnels.bought(tx, visitor, at.slug) if step.kind == "confirm" and visitor else []
    values: dict[str, Any] = {
        "step": step,
        "brand": brand,
        "first": step is at.funnel.first,
        "description": at.funnel.description,
        "canonical": f"{services.settings.public_url}{at.path(step.key)}",
        "seen": f"/f/{at.slug}/{step.key}/seen",
        "action": _with_query(at.path(step.key), request),
        "quote": _spoken(priced) if priced else None,
        "quotes": product.quotes[:QUOTES] if product and step.kind == "order" else [],
        "consent": services.marketing.funnels.consent_wording,
        "webinar": await _webinar(tx, at.funnel) if step.kind == "capture" and at.funnel.strategy == "webinar" else "",
        "bought": _bought(services, paid),
        "covers": _covers(services, at, paid),
        "wrong": wrong,
        "filled": filled,
    }
    kept = KEPT if step.kind in SHARED and not wrong else "no-store"
    return public_page("funnel.html", services, status=status, kept=kept, **values)


def public_page(
    template: str,
    services: Services,
    *,
    status: int = HTTPStatus.OK,
    kept: str = "no-store",
    **values: Any,  # noqa: ANN401 - template variables
) -> HTMLResponse:
    """A visitor's page: our own stylesheet and script, nothing from elsewhere, forms to us and to the till."""
    till = f" {PAYS_AT}" if services.tills.name == "stripe" else ""
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"base-uri 'none'; frame-ancestors 'none'; form-action 'self'{till}"
    )
    # Not `no-referrer`: under it browsers send `Origin: null` with forms, which looks like another site's post.
    headers = {"content-security-policy": policy, "cache-control": kept, "referrer-policy": "same-origin"}
    files = {"css": public_url("public.css"), "script": public_url("seen.js")}
    return HTMLResponse(rendered(template, **files, **values), status, headers)


def _with_query(path: str, request: Request) -> str:
    """Where the form posts to: the page itself, with the campaign that led to it."""
    return f"{path}?{request.url.query}" if request.url.query else path


def _spoken(priced: Quote) -> dict[str, Any]:
    """Prices as people read them; a saving only where there is one."""

    def money(amount: Decimal) -> str:
        return spoken(amount, priced.currency)

    shown: dict[str, Any] = {
        "amount": money(priced.amount),
        "listed": money(priced.list_amount) if priced.saved > 0 else "",
        "saved": money(priced.saved) if priced.saved > 0 else "",
        "until": when(priced.ends_at) if priced.ends_at else "",
        "several": len(priced.products) > 1,
        "seen": str(priced.amount),
        "bump": None,
    }
    if priced.bump is not None and priced.bump_amount is not None:
        less = priced.bump_list is not None and priced.bump_list > priced.bump_amount
        listed = money(priced.bump_list) if less and priced.bump_list is not None else ""
        shown["bump"] = {"name": priced.bump.name, "amount": money(priced.bump_amount), "listed": listed}
    return shown


async def next_webinar(tx: AsyncSession, funnel: Funnel) -> Webinar | None:
    """The webinar that the funnel is for: the one that it names, else the next that takes place."""
    coming = select(Webinar).where(col(Webinar.state) != "canceled", col(Webinar.starts_at) > now())
    if funnel.webinar:
        coming = coming.where(col(Webinar.code) == funnel.webinar)
    return (await tx.execute(coming.order_by(col(Webinar.starts_at)).limit(1))).scalar_one_or_none()


async def _webinar(tx: AsyncSession, funnel: Funnel) -> str:
    found = await next_webinar(tx, funnel)
    if found is None:
        return "The next date is not set yet. Leave your address, and you are told first."
    return f"{found.title}: {when(found.starts_at.astimezone(zone_of(found.zone)))}, {found.minutes} minutes."


def _covers(services: Services, at: Place, paid: Sequence[FunnelCheckout]) -> list[Cover]:
    """What the step sells, at the end what was bought, and else the book that the funnel is about."""
    if at.here.kind == "lesson":
        return []
    bought = [key for row in paid for key in row.products]
    return covers(services, at.here.products or bought or [at.funnel.product])


def _bought(services: Services, paid: Sequence[FunnelCheckout]) -> list[dict[str, str]]:
    """What was paid for, as the rows say, with the place where templates are."""
    lines = []
    for row in paid:
        names = [name_of(services, key) for key in row.products]
        templates = services.marketing.programme.templates
        url = templates.url if templates and TEMPLATES in row.products else ""
        amount = spoken(major(row.amount, row.currency), row.currency)
        lines.append({"names": ", ".join(names), "amount": amount, "url": url})
    return lines


def name_of(services: Services, key: str) -> str:
    """What a product is called. Raises NotFound for what is not sold any more."""
    templates = services.marketing.programme.templates
    if key == TEMPLATES and templates is not None:
        return templates.title
    product = services.marketing.product(key)
    if product is None:
        raise NotFound("This is not sold any more.")
    return product.name
