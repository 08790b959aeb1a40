"""Signing in and out through the pages."""

from __future__ import annotations

import httpx
import pytest

from store.access import Role
from tests.api.dashboard.people import PASSWORD, Person


async def test_a_wrong_password_is_told_without_saying_which_part_was_wrong(
    nobody: httpx.AsyncClient, users: dict[Role, str]
) -> None:
    answer = await nobody.post("/sign-in", data={"email": users["viewer"], "password": "wrong"})
    assert answer.status_code == 401
    assert "The address or the password is wrong." in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
async def test_signing_in_leads_to_no_other_site(
    nobody: httpx.AsyncClient, users: dict[Role, str], target: str
) -> None:
    fields = {"email": users["viewer"], "password": PASSWORD, "next": target}
    answer = await nobody.post("/sign-in", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_signing_in_leads_to_the_page_that_was_asked_for(
    nobody: httpx.AsyncClient, users: dict[Role, str]
) -> None:
    fields = {"email": users["viewer"], "password": PASSWORD, "next": "/reviews"}
    answer = await nobody.post("/sign-in", data=fields)
    assert answer.headers["location"] == "/reviews"
    assert (await nobody.get("/sign-in?next=/contacts")).headers["location"] == "/contacts"


async def test_another_sites_form_cannot_sign_anybody_in(nobody: httpx.AsyncClient, users: dict[Role, str]) -> None:
    fields = {"email": users["viewer"], "password": PASSWORD}
    answer = await nobody.post("/sign-in", data=fields, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_signing_out_ends_the_session_itself(viewing: Person) -> None:
    cookie = dict(viewing.client.cookies)
    assert (await viewing.posts("/sign-out")).headers["location"] == "/sign-in"
    viewing.client.cookies.update(cookie)
    assert (await viewing.client.get("/")).status_code == 303


async def test_a_form_without_its_token_changes_nothing(viewing: Person) -> None:
    assert (await viewing.posts_without_token("/sign-out")).status_code == 403
    await viewing.opens("/")
