"""What visitors of a funnel say: that they saw a page, yes with an address or to the till, or no."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from limits import RateLimitItemPerMinute
from starlette.responses import RedirectResponse, Response

from api import affiliate_links
from api.consents import agreed
from api.deps import Services, Wired
from api.forms import gives
from api.funnel_till import to_till
from api.funnel_view import Place, find, next_webinar, place, show
from api.funnels import Key, Slug
from api.posted import pairs
from api.problems import responses
from api.security import address, same_site
from api.visitors import remember, visitor_of
from domain.errors import Invalid, ProviderError
from domain.events import Incoming
from domain.funnel_flow import Decision, may_open, next_step
from domain.identity import normal_email
from store import funnels, magnets
from store.base import now
from store.funnel_prices import quote
from store.funnels import Visitor

VIEWS: Final = RateLimitItemPerMinute(120, namespace="funnel views")
ANSWERS: Final = RateLimitItemPerMinute(60, namespace="funnel answers")
CHANGED: Final = "The price has changed since you opened this page. Please look at it again."
AWAY: Final = "Payments cannot be taken at this moment. Nothing was charged; please try again later."

router = APIRouter(tags=["funnels"], dependencies=[Depends(same_site)])
SAID: dict[int | str, dict[str, Any]] = {303: {"description": "To the next step, or to the till."}}


@router.post(
    "/f/{slug}/{step}/seen", status_code=204, summary="A page was before somebody's eyes", response_class=Response,
    responses=responses(403, 404, 429, 503),
)  # fmt: skip
async def seen(slug: Slug, step: Key, request: Request, services: Wired) -> Response:
    """Told by the page itself, so that what only fetches pages is not counted. Its body is the host that led here."""
    services.attempts.spend(VIEWS, address(request.scope))
    referrer = (await request.body())[:300].decode("utf-8", "replace")
    who = visitor_of(request, services, referrer)
    async with services.db.transaction() as tx:
        funnel = await find(tx, slug)
        if may_open(funnel, await funnels.history(tx, who.id, slug), funnel.step(step).key):
            await funnels.saw(tx, who, slug, step)
    return _remembered(Response(status_code=HTTPStatus.NO_CONTENT), services, who)


@router.post("/f/{slug}", summary="An answer to the first page", response_class=Response,
             responses=responses(403, 404, 409, 422, 429, 503) | SAID)  # fmt: skip
async def answer_first(slug: Slug, request: Request, services: Wired) -> Response:
    """As for every step."""
    return await _answer(slug, "", request, services)


@router.post("/f/{slug}/{step}", summary="An answer to a step", response_class=Response,
             responses=responses(403, 404, 409, 422, 429, 503) | SAID)  # fmt: skip
async def answer(slug: Slug, step: Key, request: Request, services: Wired) -> Response:
    """`answer` is `yes` or `no`; a yes comes with an `email` where one is asked for, and with `bump` where it is added.

    Whoever has paid for it already, or has not come so far, is led to where they are.
    """
    return await _answer(slug, step, request, services)


async def _answer(slug: str, key: str, request: Request, services: Services) -> Response:
    services.attempts.spend(ANSWERS, address(request.scope))
    given = {name: str(value).strip() for name, value in (await pairs(request)).items()}
    who = visitor_of(request, services, request.headers.get("referer", ""))
    async with services.db.transaction() as tx:
        at = await place(tx, services, request, slug, key)
    step = at.here
    if step.key != (key or at.funnel.first.key):
        return _to(at, step.key, services, who)
    if given.get("answer") == "no":
        return await _said(at, services, who, "declined")
    if step.sells:
        return await _order(at, given, request, services, who)
    if step.kind == "capture":
        try:
            await _lead(at, given.get("email", ""), request, services, who)
        except Invalid as error:
            return await _again(at, request, services, str(error), error.status, given.get("email", ""))
    return await _said(at, services, who, "accepted")


async def _said(at: Place, services: Services, who: Visitor, decision: Decision) -> Response:
    """Raises Conflict for an answer that the page does not take."""
    onward = next_step(at.here, decision)
    async with services.db.transaction() as tx:
        await funnels.answered(tx, who, at.slug, at.here.key, decision)
    return _to(at, onward, services, who)


async def _order(at: Place, given: dict[str, str], request: Request, services: Services, who: Visitor) -> Response:
    """To the till, with the price that the visitor saw: nobody is charged more than that."""
    async with services.db.transaction() as tx:
        priced = await quote(tx, services.marketing, at.funnel, at.here, at.history, now())
        if priced.amount > _seen(given, priced.amount):
            return await show(tx, services, request, at, wrong=CHANGED, status=HTTPStatus.CONFLICT)
        row = await funnels.to_till(
            tx, who, at.slug, at.here.key, priced.basket(now(), bumped=given.get("bump") == "on")
        )
        await funnels.answered(tx, who, at.slug, at.here.key, "accepted")
    try:
        url = await to_till(services, at, row, priced, affiliate_links.at_till(request, services))
    except ProviderError as error:
        return await _again(at, request, services, AWAY, error.status)
    return _remembered(RedirectResponse(url, HTTPStatus.SEE_OTHER), services, who)


async def _lead(at: Place, given: str, request: Request, services: Services, who: Visitor) -> None:
    """The address, with what was promised for it. Raises Invalid for what is none."""
    email = normal_email(given)
    async with services.db.transaction() as tx:
        await funnels.saw(tx, who, at.slug, at.here.key)
        webinar = await next_webinar(tx, at.funnel) if at.funnel.strategy == "webinar" else None
        gift = await magnets.find(tx, services.marketing, "" if webinar else at.funnel.magnet)
    rules, form = services.marketing.funnels, f"funnel:{at.slug}"
    product = services.marketing.product(at.funnel.product)
    mark = sha256(email.encode()).hexdigest()[:16]
    incoming = Incoming(
        type="webinar_registered" if webinar else "lead_captured",
        source="form:funnel",
        sender_id=f"{who.id}:{at.slug}:{at.here.key}:{mark}",
        email=email,
        payload={
            "form": form,
            "funnel": at.slug,
            "visitor": str(who.id),
            "tags": rules.tags,
            "audience": product.audience if product else "",
            "utm": who.utm,
            **affiliate_links.told(request, services),
            **({"webinar": webinar.code} if webinar else {}),
            **(gives(gift.key, gift.kind) if gift else {}),
            "consent": agreed(
                request, services, form=form, wording=rules.consent_wording, double_opt_in=rules.double_opt_in
            ),
        },
    )
    await services.take(incoming)


async def _again(
    at: Place, request: Request, services: Services, wrong: str, status: int, filled: str = ""
) -> Response:
    async with services.db.transaction() as tx:
        return await show(tx, services, request, at, wrong=wrong, filled=filled, status=status)


def _seen(given: dict[str, str], otherwise: Decimal) -> Decimal:
    """The price that stood on the page; a form without one saw the one of now."""
    try:
        return Decimal(given.get("seen") or otherwise)
    except InvalidOperation:
        return Decimal()


def _to(at: Place, key: str, services: Services, who: Visitor) -> Response:
    return _remembered(RedirectResponse(at.path(key), HTTPStatus.SEE_OTHER), services, who)


def _remembered(response: Response, services: Services, who: Visitor) -> Response:
    remember(response, services, who.id)
    return response
