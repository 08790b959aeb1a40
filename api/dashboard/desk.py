"""What every page of a signed-in person is made with, and what happens when it cannot be made."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.auth import SIGN_IN_PATH
from api.dashboard.times import Times
from api.dashboard.view import render
from api.deps import Services, Wired
from api.security import NotSignedIn, Principal, csrf, csrf_token, require_person
from domain.errors import PerennialError, ProviderError
from store.base import now

NAVIGATION = (
    (
        "Now",
        (
            ("/", "Overview"),
            ("/reviews", "Reviews"),
            ("/tasks", "Tasks"),
            ("/messages", "Messages"),
        ),
    ),
    (
        "People",
        (
            ("/contacts", "Contacts"),
            ("/segments", "Segments"),
            ("/journeys", "Journeys"),
            ("/imports", "Imports"),
        ),
    ),
    (
        "Programme",
        (
            ("/sequences", "Sequences"),
            ("/campaigns", "Campaigns"),
            ("/funnels", "Funnels"),
            ("/webinars", "Webinars"),
            ("/attribution", "Attribution"),
            ("/affiliates", "Affiliates"),
        ),
    ),
    (
        "Content",
        (
            ("/launches", "Launches"),
            ("/published", "Published"),
            ("/magnets", "Lead magnets"),
            ("/assets", "Assets"),
            ("/sources", "Sources"),
            ("/learning", "Learning"),
            ("/strategy", "Strategy"),
        ),
    ),
    (
        "Record",
        (
            ("/events", "Events"),
            ("/outbox", "Outbox"),
            ("/posts", "Posts"),
            ("/erasures", "Erasures"),
        ),
    ),
    (
        "System",
        (("/settings", "Settings"),),
    ),
)
PATHS = tuple(path for _, group in NAVIGATION for path, _ in group)


@dataclass(frozen=True, slots=True)
class Desk:
    """The person, what their pages are made from, and how they look."""

    request: Request
    services: Services
    person: Principal
    times: Times

    @property
    def decides(self) -> bool:
        """Whether the person may change anything but keys and users."""
        return self.person.may("marketer")

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401 - template variables
        """The template, with what the frame around every page needs."""
        return render(template, status=status, desk=self, times=self.times, **frame(self), **values)

    def to(self, path: str) -> RedirectResponse:
        """After a change: to a page that may be reloaded without changing anything again."""
        return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def frame(desk: Desk) -> dict[str, Any]:
    """What the layout shows beside the page itself."""
    path = desk.request.url.path
    return {
        "navigation": NAVIGATION,
        "here": next((known for known in PATHS[1:] if path == known or path.startswith(f"{known}/")), "/"),
        "person": desk.person,
        "csrf_token": csrf_token(desk.services, desk.person),
        "brand": desk.services.marketing.brand.name,
    }


Viewer = Annotated[Principal, Depends(require_person("viewer"))]
Marketer = Annotated[Principal, Depends(require_person("marketer"))]
Admin = Annotated[Principal, Depends(require_person("admin"))]
# Runs for every page, so that no form can forget it; it looks at changes only.
Token = Annotated[None, Depends(csrf)]


async def _reading(request: Request, services: Wired, person: Viewer, _: Token) -> Desk:
    return await _desk(request, services, person)


async def _deciding(request: Request, services: Wired, person: Marketer, _: Token) -> Desk:
    return await _desk(request, services, person)


async def _managing(request: Request, services: Wired, person: Admin, _: Token) -> Desk:
    return await _desk(request, services, person)


async def _desk(request: Request, services: Services, person: Principal) -> Desk:
    async with services.db.transaction() as tx:
        clock = await services.clock(tx)
    return Desk(request, services, person, Times(clock, now()))


Reading = Annotated[Desk, Depends(_reading)]
Deciding = Annotated[Desk, Depends(_deciding)]
Managing = Annotated[Desk, Depends(_managing)]


class PageRoute(APIRoute):
    """A route of pages: what goes wrong is told on a page, and whoever is not signed in is asked to."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler with errors made into pages."""
        handler = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handler(request)
            except NotSignedIn:
                return _to_sign_in(request)
            except RequestValidationError:
                return error_page(request, HTTPStatus.NOT_FOUND, "There is no such page.")
            except HTTPException as error:
                return error_page(request, error.status_code, str(error.detail))
            except ProviderError as error:
                return error_page(request, error.status, "A service that we depend on did not answer as it should.")
            except PerennialError as error:
                return error_page(request, error.status, str(error))

        return handled


def _to_sign_in(request: Request) -> Response:
    back = request.url.path if request.method == "GET" else "/"
    target = SIGN_IN_PATH if back == "/" else f"{SIGN_IN_PATH}?next={quote(back)}"
    if "hx-request" in request.headers:
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"hx-redirect": target})
    return RedirectResponse(target, HTTPStatus.SEE_OTHER)


def error_page(request: Request, status: int, message: str) -> HTMLResponse:
    """One sentence, and the way back. A page that refreshes itself keeps what it shows."""
    keep = {"hx-reswap": "none"} if "hx-request" in request.headers and request.method == "GET" else {}
    return render("error.html", status=status, headers=keep, code=status, title=_title(status), message=message)


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
