"""`/a/{code}`: an affiliate's link. It leads on to a page of ours and changes nothing here.

That somebody came by it counts once they do something with the cookie that it leaves: give an address, or pay.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import RedirectResponse

from api.deps import Services, Wired
from api.redirects import local
from domain.affiliates import Brought
from domain.errors import NotFound
from providers.affiliate_links import brought_token, read_brought
from store import affiliates
from store.base import now

router = APIRouter(tags=["affiliates"])
Code = Annotated[str, Path(max_length=40, examples=["ada"])]
To = Annotated[str, Query(max_length=2000, description="A path of ours.", examples=["/f/franklin-value-ladder"])]


@router.get(
    "/a/{code}", summary="An affiliate's link", response_class=RedirectResponse, status_code=303,
    responses={303: {"description": "To that page, or to the brand's own site."}},
)  # fmt: skip
async def follow(code: Code, request: Request, services: Wired, to: To = "") -> RedirectResponse:
    """Whoever asks not to be followed (`Sec-GPC: 1`), and who comes by a code that there is not, gets no cookie."""
    target = local(to, services.settings.public_url, services.marketing.brand.url)
    response = RedirectResponse(target, HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})
    known = await _known(services, code)
    if known and request.headers.get("sec-gpc") != "1":
        _leave(response, services, Brought(known, now()))
    return response


async def _known(services: Services, code: str) -> str:
    """The code as it is written; empty where there is none, or it has ended."""
    async with services.db.transaction() as tx:
        try:
            row = await affiliates.get(tx, code)
        except NotFound:
            return ""
    return row.code if row.ended_at is None else ""


def _leave(response: RedirectResponse, services: Services, brought: Brought) -> None:
    """For as long as the link counts, to us alone and not to scripts; the last link takes the place of others."""
    response.set_cookie(
        cookie(services),
        brought_token(services.secret, brought),
        max_age=int(services.marketing.affiliates.span.total_seconds()),
        secure=services.secure,
        httponly=True,
        samesite="lax",
        path="/",
    )


def brought_by(request: Request, services: Services) -> Brought | None:
    """By whose link this browser came, within the time in which that counts."""
    found = read_brought(services.secret, request.cookies.get(cookie(services), ""))
    if found is None or now() - found.at > services.marketing.affiliates.span:
        return None
    return found


def told(request: Request, services: Services) -> dict[str, Any]:
    """The same as a part of an event's payload; empty for who came by no link."""
    found = brought_by(request, services)
    return {"affiliate": {"code": found.code, "at": found.at.isoformat()}} if found else {}


def at_till(request: Request, services: Services) -> dict[str, str]:
    """The same as metadata of a checkout, from which the purchase's event reads it back."""
    found = brought_by(request, services)
    return {"affiliate": found.code, "affiliate_at": found.at.isoformat()} if found else {}


def cookie(services: Services) -> str:
    """`__Host-` binds the cookie to this host and to https, where there is https."""
    return "__Host-affiliate" if services.secure else "affiliate"
