"""Who is in front of a funnel's page: a number in a cookie of ours, which lasts as long as the browser is open.

A page that is looked at sets none: only what a visitor's browser posts, so that looking changes nothing anywhere.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from fastapi import Request
from starlette.responses import Response

from api.deps import Services
from providers.funnel_links import read_visitor, visitor_token
from store.funnels import DIRECT, Visitor

CAMPAIGN: Final = ("source", "medium", "campaign", "term", "content")
_LONGEST: Final = 200


def known_visitor(request: Request, services: Services) -> UUID | None:
    """The visitor whose cookie this is; None for somebody new."""
    return read_visitor(services.secret, request.cookies.get(cookie(services), ""))


def visitor_of(request: Request, services: Services, referrer: str = "") -> Visitor:
    """Whoever posts, with a number of their own where they have none yet, and where the page's address says they came
    from: the campaign's source, else the host that led here.
    """
    utm = {
        name: value
        for name in CAMPAIGN
        if (value := request.query_params.get(f"utm_{name}", "").replace("\x00", "").strip()[:_LONGEST])
    }
    source = utm.get("source") or _host(referrer, request) or DIRECT
    return Visitor(known_visitor(request, services) or uuid4(), source, utm)


def remember(response: Response, services: Services, visitor: UUID) -> None:
    """Have the browser bring the number along from now on, to us alone and not to scripts."""
    token = visitor_token(services.secret, visitor)
    response.set_cookie(cookie(services), token, secure=services.secure, httponly=True, samesite="lax", path="/")


def cookie(services: Services) -> str:
    """`__Host-` binds the cookie to this host and to https, where there is https."""
    return "__Host-visitor" if services.secure else "visitor"


def _host(referrer: str, request: Request) -> str:
    """The other site's host; empty for our own, and for what is none."""
    given = referrer.replace("\x00", "").strip()[:_LONGEST]
    try:
        host = urlsplit(given if "//" in given else f"//{given}").hostname or ""
    except ValueError:
        return ""
    return "" if host == request.url.hostname else host
