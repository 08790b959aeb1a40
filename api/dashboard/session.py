"""Signing in and out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from api import auth
from api.dashboard.desk import PageRoute, Reading
from api.dashboard.view import render
from api.deps import Services, Wired
from api.redirects import local
from api.security import NotSignedIn, same_site, signed_in

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get(auth.SIGN_IN_PATH)
async def ask(request: Request, services: Wired, next: str = "/") -> Response:  # noqa: A002 - the address's own word
    """The form; whoever is signed in already is led on."""
    onward = local(next, services.settings.public_url, "/")
    try:
        await signed_in(request, services)
    except NotSignedIn:
        return _form(services, onward)
    return RedirectResponse(onward, HTTPStatus.SEE_OTHER)


@router.post(auth.SIGN_IN_PATH, dependencies=[Depends(same_site)])
async def sign_in(
    request: Request,
    services: Wired,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the form's own word
) -> Response:
    """A session in a cookie, and on to where the person wanted to go."""
    onward = local(next, services.settings.public_url, "/")
    try:
        token = await auth.sign_in(request, services, email, password)
    except NotSignedIn as error:
        return _form(services, onward, email=email, wrong=str(error), status=error.status)
    except HTTPException as error:
        return _form(services, onward, email=email, wrong=str(error.detail), status=error.status_code)
    response = RedirectResponse(onward, HTTPStatus.SEE_OTHER)
    auth.set_cookie(response, services, token)
    return response


@router.post("/sign-out")
async def sign_out(desk: Reading) -> Response:
    """End this browser's session."""
    await auth.sign_out(desk.services, desk.person)
    response = desk.to(auth.SIGN_IN_PATH)
    auth.clear_cookie(response, desk.services)
    return response


def _form(services: Services, onward: str, *, email: str = "", wrong: str = "", status: int = 200) -> Response:
    brand = services.marketing.brand.name
    return render("sign_in.html", status=status, brand=brand, onward=onward, email=email, wrong=wrong)
