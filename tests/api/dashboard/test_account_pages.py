"""Keys, people and passwords."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI

from api.deps import Services
from store import access
from tests.api.dashboard.people import PASSWORD, Person, signed_in

ADMIN_ONLY = ("/settings/keys", "/settings/keys/revoke", "/settings/users")


async def test_a_key_is_shown_once_works_and_can_be_revoked(managing: Person, services: Services) -> None:
    answer = await managing.posts("/settings/keys", name="The shop", role="marketer")
    found = re.search(r'class="key">(pk_[\w-]+)<', answer.text)
    assert found is not None
    async with services.db.transaction() as tx:
        assert await access.find_key(tx, found[1]) is not None
    assert found[1] not in await managing.opens("/settings")
    prefix = found[1][: access.SHOWN_CHARS]
    await managing.posts("/settings/keys/revoke", prefix=prefix)
    async with services.db.transaction() as tx:
        assert await access.find_key(tx, found[1]) is None
    page = await managing.opens("/settings")
    assert "key created" in page
    assert "key revoked" in page


async def test_an_admin_lets_somebody_sign_in(managing: Person, app: FastAPI) -> None:
    fields = {"email": "new@perennial.example", "name": "New", "role": "viewer", "new": PASSWORD}
    assert (await managing.posts("/settings/users", **fields)).status_code == 303
    again = await managing.posts("/settings/users", **fields)
    assert again.status_code == 409
    assert "There is already a user with this address." in again.text
    async with signed_in(app, "new@perennial.example") as person:
        assert "Let them sign in" not in await person.opens("/settings")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [("email", "no address", "not an email address"), ("new", "short", "10 to"), ("role", "owner", "Choose a role")],
)
async def test_what_will_not_do_is_told_beside_the_form(managing: Person, field: str, value: str, told: str) -> None:
    fields = {"email": "other@perennial.example", "name": "", "role": "viewer", "new": PASSWORD, field: value}
    answer = await managing.posts("/settings/users", **fields)
    assert answer.status_code == 422
    assert told in answer.text


@pytest.mark.parametrize("path", ADMIN_ONLY)
async def test_a_marketer_manages_nobody(marketing_person: Person, path: str) -> None:
    assert "API keys" not in await marketing_person.opens("/settings")
    assert (await marketing_person.posts(path, role="admin", prefix="pk_", email="x@y.example")).status_code == 403


async def test_a_new_password_keeps_this_browser_and_no_other(managing: Person, app: FastAPI) -> None:
    fields = {"email": "change@perennial.example", "name": "", "role": "viewer", "new": PASSWORD}
    await managing.posts("/settings/users", **fields)
    async with signed_in(app, "change@perennial.example") as here, signed_in(app, "change@perennial.example") as there:
        wrong = await here.posts("/settings/password", old="wrong", new="another horse battery")
        assert wrong.status_code == 401
        assert "The old password is wrong." in wrong.text
        right = await here.posts("/settings/password", old=PASSWORD, new="another horse battery")
        assert right.status_code == 303
        assert "Your password is changed" in await here.opens(right.headers["location"])
        assert (await there.client.get("/")).status_code == 303
