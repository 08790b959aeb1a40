"""Signing people in and out. The pages that ask for the password are the dashboard's."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from api import problems
from api.attempts import WRONG_PASSWORDS, WRONG_PASSWORDS_FROM_HERE
from api.deps import Services
from api.security import NotSignedIn, Principal, address, cookie_name
from store import access
from store.access import SESSION_LIFETIME

SIGN_IN_PATH = "/sign-in"
REFUSED = "The address or the password is wrong."


async def sign_in(request: Request, services: Services, email: str, password: str) -> str:
    """Check the password and begin a session; the token for `set_cookie`.

    Raises NotSignedIn without saying which of the two was wrong, and HTTPException 429 with Retry-After
    after too many failures for the address or from the machine.
    """
    who, here = access.digest(email.strip().lower()), address(request.scope)
    services.attempts.refuse(WRONG_PASSWORDS, who)
    services.attempts.refuse(WRONG_PASSWORDS_FROM_HERE, here)
    async with services.db.transaction() as tx:
        user = await access.check_password(tx, email, password)
        if user is not None:
            access.record(tx, f"user:{user.id}", "session.begun", user.id)
            return await access.begin_session(tx, user.id)
    services.attempts.failed(WRONG_PASSWORDS, who)
    services.attempts.failed(WRONG_PASSWORDS_FROM_HERE, here)
    raise NotSignedIn(REFUSED)


async def sign_out(services: Services, person: Principal) -> None:
    """End this browser's session."""
    async with services.db.transaction() as tx:
        await access.end_session(tx, person.session)
        access.record(tx, person.actor, "session.ended", person.id)


async def change_password(request: Request, services: Services, person: Principal, old: str, new: str) -> str:
    """Change the password, which ends every session of the person; the token of a new one for this browser.

    Raises NotSignedIn where `old` is wrong and Invalid where `new` will not do.
    """
    await _confirm(request, services, person, old)
    async with services.db.transaction() as tx:
        await access.set_password(tx, person.id, new, by=person.actor)
        return await access.begin_session(tx, person.id)


async def _confirm(request: Request, services: Services, person: Principal, password: str) -> None:
    who = access.digest(person.email)
    services.attempts.refuse(WRONG_PASSWORDS, who)
    services.attempts.refuse(WRONG_PASSWORDS_FROM_HERE, address(request.scope))
    async with services.db.transaction() as tx:
        if await access.check_password(tx, person.email, password):
            return
    services.attempts.failed(WRONG_PASSWORDS, who)
    raise NotSignedIn("The old password is wrong.")


def set_cookie(response: Response, services: Services, token: str) -> None:
    """Hand the session to the browser: for this host only, out of reach of scripts and of other sites' posts."""
    response.set_cookie(
        cookie_name(services),
        token,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        path="/",
        secure=services.secure,
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, services: Services) -> None:
    """Take the session back from the browser."""
    response.delete_cookie(cookie_name(services), path="/", secure=services.secure, httponly=True, samesite="lax")


async def ask_to_sign_in(request: Request, error: Exception) -> Response:
    """Exception handler of NotSignedIn: a browser that opens a page is led to the sign-in, all others get a problem.

    The sign-in page passes `next` through `api.redirects.local` before it sends anybody there.
    """
    assert isinstance(error, NotSignedIn)
    wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if wants_page and request.url.path != SIGN_IN_PATH:
        return RedirectResponse(f"{SIGN_IN_PATH}?next={quote(request.url.path)}", HTTPStatus.SEE_OTHER)
    return problems.of(error)
