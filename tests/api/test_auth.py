"""Signing in: slow to guess, gone with the password, and a cookie that no script and no other site can use."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI, Request
from sqlalchemy import select
from sqlmodel import col
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api import auth
from api.attempts import Attempts
from api.deps import Services
from api.security import NotSignedIn, Principal, cookie_name
from settings import Settings
from store import access
from store.access import Audit, User
from tests.api.callers import somebody

PASSWORD = "correct horse battery"


def asking(ip: str = "192.0.2.7") -> Request:
    return Request({"type": "http", "headers": [], "client": (ip, 1), "path": "/sign-in", "method": "POST"})


@pytest.fixture
async def user(services: Services) -> User:
    async with services.db.transaction() as tx:
        return await access.create_user(tx, somebody(), "marketer", PASSWORD)


@pytest.fixture
def fresh(services: Services) -> Services:
    """The same services, with nobody's attempts counted yet."""
    return replace(services, attempts=Attempts())


async def who(services: Services, token: str) -> User | None:
    async with services.db.transaction() as tx:
        return await access.find_session(tx, token)


async def test_the_right_password_begins_a_session_and_is_in_the_audit_log(fresh: Services, user: User) -> None:
    token = await auth.sign_in(asking(), fresh, f" {user.email.upper()}", PASSWORD)
    found = await who(fresh, token)
    assert found is not None
    assert found.id == user.id
    async with fresh.db.transaction() as tx:
        lines = (
            (await tx.execute(select(Audit).where(col(Audit.target) == str(user.id)).order_by(col(Audit.at))))
            .scalars()
            .all()
        )
    assert [(line.actor, line.action) for line in lines] == [
        ("operator", "user.created"),
        (f"user:{user.id}", "session.begun"),
    ]
    assert token not in str([line.model_dump() for line in lines])


async def test_a_wrong_password_and_a_wrong_address_are_told_alike(fresh: Services, user: User) -> None:
    told = []
    for email, password in ((user.email, "wrong"), (somebody(), PASSWORD)):
        with pytest.raises(NotSignedIn) as refused:
            await auth.sign_in(asking(), fresh, email, password)
        told.append(str(refused.value))
    assert told[0] == told[1]


async def test_after_ten_wrong_passwords_even_the_right_one_must_wait(fresh: Services, user: User) -> None:
    for number in range(10):
        with pytest.raises(NotSignedIn):
            await auth.sign_in(asking(f"192.0.2.{number}"), fresh, user.email, "wrong")
    with pytest.raises(HTTPException) as refused:
        await auth.sign_in(asking(), fresh, user.email, PASSWORD)
    assert refused.value.status_code == 429
    assert refused.value.headers is not None
    assert int(refused.value.headers["retry-after"]) > 0
    other = await _another(fresh)
    assert await auth.sign_in(asking(), fresh, other.email, PASSWORD)


async def _another(services: Services) -> User:
    async with services.db.transaction() as tx:
        return await access.create_user(tx, somebody(), "viewer", PASSWORD)


async def test_signing_out_ends_this_session_only(fresh: Services, user: User) -> None:
    one, two = [await auth.sign_in(asking(), fresh, user.email, PASSWORD) for _ in range(2)]
    await auth.sign_out(fresh, Principal("user", user.id, str(user.id), "marketer", session=one))
    assert await who(fresh, one) is None
    assert await who(fresh, two)


async def test_a_new_password_ends_all_sessions_and_begins_one_here(fresh: Services, user: User) -> None:
    old = [await auth.sign_in(asking(), fresh, user.email, PASSWORD) for _ in range(2)]
    person = Principal("user", user.id, str(user.id), "marketer", email=user.email, session=old[0])
    with pytest.raises(NotSignedIn):
        await auth.change_password(asking(), fresh, person, "wrong", "another long password")
    assert await who(fresh, old[0])
    token = await auth.change_password(asking(), fresh, person, PASSWORD, "another long password")
    assert [await who(fresh, one) for one in old] == [None, None]
    assert await who(fresh, token)


@pytest.mark.parametrize(
    ("url", "name", "secure"),
    [("http://127.0.0.1:8080", "perennial", False), ("https://acme.example", "__Host-perennial", True)],
)
async def test_the_cookie_is_out_of_reach(services: Services, url: str, name: str, *, secure: bool) -> None:
    settings = services.settings.model_copy(update={"public_url": url})
    assert isinstance(settings, Settings)
    made = replace(services, settings=settings)
    response = Response()
    auth.set_cookie(response, made, token := uuid4().hex)
    cookie = response.headers["set-cookie"].lower()
    assert cookie_name(made) == name
    assert cookie.startswith(f"{name.lower()}={token}")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "domain" not in cookie
    assert ("secure" in cookie) is secure
    auth.clear_cookie(response, made)
    assert "max-age=0" in response.headers.getlist("set-cookie")[1].lower()


async def test_the_public_api_sets_no_cookie(app: FastAPI, stranger: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/docs", "/thanks", "/u/x"):
        assert "set-cookie" not in (await stranger.get(path)).headers
    assert app.title == "Perennial"
