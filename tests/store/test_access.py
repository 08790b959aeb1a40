"""Keys, people and their sessions: only hashes are kept, and what ended stays ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.errors import Conflict, Invalid
from store import access
from store.access import ROLES, Audit, Role, User, UserSession
from store.db import Database

PASSWORD = "correct horse battery"


@pytest.fixture
async def tx(db: Database) -> AsyncIterator[AsyncSession]:
    async with db.transaction() as session:
        yield session


@pytest.fixture
async def user(tx: AsyncSession) -> User:
    return await access.create_user(tx, f" {uuid4().hex}@Example.com", "marketer", PASSWORD)


@pytest.mark.parametrize("role", ROLES)
async def test_a_key_is_found_by_its_text_and_kept_as_a_hash(tx: AsyncSession, role: Role) -> None:
    key = await access.create_key(tx, role, "laptop")
    found = await access.find_key(tx, key)
    assert found is not None
    assert (found.role, found.name, key.startswith(found.prefix)) == (role, "laptop", True)
    assert key not in str(found.model_dump())
    assert len(key) > 40


async def test_a_role_that_is_none_is_refused(tx: AsyncSession) -> None:
    with pytest.raises(Invalid) as refused:
        await access.create_key(tx, "owner")  # type: ignore[arg-type]
    assert refused.value.field == "role"


async def test_a_revoked_or_changed_key_is_not_found(tx: AsyncSession) -> None:
    key = await access.create_key(tx, "viewer")
    for other in (key[:-1], key + "x", key.upper(), key.removeprefix("pk_"), "pk_", "pk_\ud800"):
        assert await access.find_key(tx, other) is None
    assert await access.revoke_key(tx, key[: access.SHOWN_CHARS]) == 1
    assert await access.find_key(tx, key) is None
    assert await access.revoke_key(tx, key[: access.SHOWN_CHARS]) == 0


async def test_making_and_ending_a_key_is_in_the_audit_log_without_the_key(tx: AsyncSession) -> None:
    key = await access.create_key(tx, "marketer", "shop", by="user:1")
    prefix = key[: access.SHOWN_CHARS]
    await access.revoke_key(tx, prefix)
    await tx.flush()
    lines = select(Audit).where(col(Audit.target) == prefix).order_by(col(Audit.at))
    told = (await tx.execute(lines)).scalars().all()
    assert [(line.actor, line.action) for line in told] == [("user:1", "key.created"), ("operator", "key.revoked")]
    assert key not in str([line.model_dump() for line in told])


async def test_a_password_opens_and_no_other_does(tx: AsyncSession, user: User) -> None:
    assert user.email == user.email.strip().lower()
    assert (await access.check_password(tx, user.email.upper(), PASSWORD)) is user
    for wrong in ("", "Correct horse battery", PASSWORD + " ", "x" * 100_000):
        assert await access.check_password(tx, user.email, wrong) is None
    assert await access.check_password(tx, "nobody@example.com", PASSWORD) is None
    assert PASSWORD not in user.password_hash


async def test_a_disabled_person_cannot_come_in_and_is_out(tx: AsyncSession, user: User) -> None:
    token = await access.begin_session(tx, user.id)
    await tx.execute(text("UPDATE users SET disabled_at = now() WHERE id = :id"), {"id": user.id})
    assert await access.check_password(tx, user.email, PASSWORD) is None
    assert await access.find_session(tx, token) is None


@pytest.mark.parametrize("password", ["", "short", "x" * 1001])
async def test_a_password_that_will_not_do_is_refused(tx: AsyncSession, password: str) -> None:
    with pytest.raises(Invalid) as refused:
        await access.create_user(tx, f"{uuid4().hex}@example.com", "viewer", password)
    assert refused.value.field == "password"


async def test_an_address_has_one_user(tx: AsyncSession, user: User) -> None:
    with pytest.raises(Conflict):
        await access.create_user(tx, user.email.upper(), "viewer", PASSWORD)


async def test_a_session_is_found_until_it_ends(tx: AsyncSession, user: User) -> None:
    token = await access.begin_session(tx, user.id)
    assert await access.find_session(tx, token) is user
    assert await access.find_session(tx, access.digest(token)) is None
    await access.end_session(tx, token)
    assert await access.find_session(tx, token) is None


async def test_a_session_runs_out_and_is_cleared_away(tx: AsyncSession, user: User) -> None:
    old = await access.begin_session(tx, user.id, timedelta(seconds=-1))
    assert await access.find_session(tx, old) is None
    await access.begin_session(tx, user.id)
    rows = select(func.count()).select_from(UserSession).where(col(UserSession.user_id) == user.id)
    assert (await tx.execute(rows)).scalar_one() == 1


async def test_a_new_password_ends_every_session(tx: AsyncSession, user: User) -> None:
    tokens = [await access.begin_session(tx, user.id) for _ in range(3)]
    await access.set_password(tx, user.id, "another long password")
    assert [await access.find_session(tx, token) for token in tokens] == [None, None, None]
    assert await access.check_password(tx, user.email, PASSWORD) is None
    assert await access.check_password(tx, user.email, "another long password") is user


async def test_the_clock_is_begun_once_and_keeps_its_factor(tx: AsyncSession) -> None:
    await tx.execute(text("DELETE FROM instance"))
    first = await access.instance_clock(tx, 43_200.0)
    assert await access.instance_clock(tx, 1.0) == first
    assert first.factor == 43_200.0
    await tx.rollback()
