"""`/settings`: one's own password; for admins also people, keys and the audit log."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api import auth
from api.dashboard.desk import Desk, Managing, PageRoute, Reading
from api.security import NotSignedIn
from domain.errors import Conflict, Invalid
from store import access
from store.access import ROLES, Role
from store.queries.dash_people import list_audit, list_users

router = APIRouter(include_in_schema=False, route_class=PageRoute)
LINES = 50
MAX_NAME = 120

Text = Annotated[str, Form()]


@router.get("/settings")
async def account(desk: Reading, done: str = "", cursor: str | None = None) -> Response:
    """What the person may change."""
    told = {
        "password": "Your password is changed; every other browser is signed out.",
        "user": "The person can sign in now.",
    }
    return await _page(desk, told=told.get(done, ""), cursor=cursor)


@router.post("/settings/password")
async def password(desk: Reading, request: Request, old: Text = "", new: Text = "") -> Response:
    """Change one's own password."""
    try:
        token = await auth.change_password(request, desk.services, desk.person, old, new)
    except (NotSignedIn, Invalid) as error:
        return await _page(desk, status=error.status, wrong={"password": str(error)})
    except HTTPException as error:
        return await _page(desk, status=error.status_code, wrong={"password": str(error.detail)})
    response = desk.to("/settings?done=password")
    auth.set_cookie(response, desk.services, token)
    return response


@router.post("/settings/keys")
async def create_key(desk: Managing, name: Text = "", role: Text = "") -> Response:
    """Make a key and show it this once; it is not kept."""
    try:
        async with desk.services.db.transaction() as tx:
            key = await access.create_key(tx, _role(role), _name(name))
            access.record(tx, desk.person.actor, "key.created", key[: access.SHOWN_CHARS], role=role, name=_name(name))
    except Invalid as error:
        return await _page(desk, status=error.status, wrong={"key": str(error)})
    return await _page(desk, key=key)


@router.post("/settings/keys/revoke")
async def revoke_key(desk: Managing, prefix: Text = "") -> Response:
    """End a key at once."""
    async with desk.services.db.transaction() as tx:
        if await access.revoke_key(tx, prefix.replace("\x00", "")):
            access.record(tx, desk.person.actor, "key.revoked", prefix)
    return desk.to("/settings")


@router.post("/settings/users")
async def create_user(desk: Managing, email: Text = "", name: Text = "", role: Text = "", new: Text = "") -> Response:
    """Let somebody sign in, with a first password that they should change."""
    try:
        async with desk.services.db.transaction() as tx:
            user = await access.create_user(tx, email.replace("\x00", ""), _role(role), new, _name(name))
            access.record(tx, desk.person.actor, "user.created", user.id, role=role)
    except (Invalid, Conflict) as error:
        given = {"email": email, "name": name, "role": role}
        return await _page(desk, status=error.status, wrong={"user": str(error)}, given=given)
    return desk.to("/settings?done=user")


def _role(text: str) -> Role:
    found = next((role for role in ROLES if role == text), None)
    if found is None:
        raise Invalid("Choose a role.", "role")
    return found


def _name(text: str) -> str:
    return text.replace("\x00", "").strip()[:MAX_NAME]


async def _page(
    desk: Desk,
    *,
    status: int = 200,
    told: str = "",
    key: str = "",
    wrong: dict[str, str] | None = None,
    given: dict[str, str] | None = None,
    cursor: str | None = None,
) -> Response:
    values: dict[str, Any] = {"users": [], "keys": [], "audit": None, "names": {}}
    if desk.person.may("admin"):
        async with desk.services.db.transaction() as tx:
            users = await list_users(tx)
            values = {
                "users": users,
                "names": {f"user:{user.id}": user.name or user.email for user in users},
                "keys": await access.list_keys(tx),
                "audit": await list_audit(tx, cursor=cursor, limit=LINES),
            }
    values |= {"told": told, "key": key, "wrong": wrong or {}, "given": given or {}, "roles": ROLES}
    return desk.page("settings.html", status=status, **values)
