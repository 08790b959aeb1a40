"""Who may do what: people, their sessions, machines' keys, and the audit log."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any, Literal, get_args
from uuid import UUID, uuid4

from pwdlib import PasswordHash
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from domain.clock import Clock
from domain.errors import Conflict, Invalid
from domain.identity import normal_email
from store.base import at, created, json_object, now

Role = Literal["viewer", "marketer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
KEY_PREFIX = "pk_"
SHOWN_CHARS = 11
TOKEN_BYTES = 32
SESSION_LIFETIME = timedelta(days=14)
OPERATOR = "operator"  # Whoever has the command line of the machine itself.
MIN_PASSWORD_CHARS = 10
MAX_PASSWORD_CHARS = 1000

_hasher = PasswordHash.recommended()


class User(SQLModel, table=True):
    """A person who signs in. `role` is `viewer`, `marketer` or `admin`."""

    __tablename__ = "users"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    email: str = Field(unique=True)
    name: str = ""
    role: str = "viewer"
    password_hash: str
    created_at: datetime = created()
    disabled_at: datetime | None = at()


class UserSession(SQLModel, table=True):
    """A signed-in browser, by the hash of its token; removing the row signs it out."""

    __tablename__ = "sessions"

    token_hash: str = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", index=True)
    created_at: datetime = created()
    expires_at: datetime = at(nullable=False)


class ApiKey(SQLModel, table=True):
    """A machine's key, by its hash. `prefix` is what people recognise it by."""

    __tablename__ = "api_keys"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    key_hash: str = Field(unique=True)
    prefix: str
    name: str = ""
    role: str = "viewer"
    created_at: datetime = created()
    revoked_at: datetime | None = at()


class Audit(SQLModel, table=True):
    """Every change that a person or a key made."""

    __tablename__ = "audit"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    at: datetime = created()
    actor: str
    action: str
    target: str = Field(default="", index=True)
    details: dict[str, Any] = json_object()


class Instance(SQLModel, table=True):
    """The one row about this installation: its clock, and the rules by which people are scored."""

    __tablename__ = "instance"

    id: int = Field(default=1, primary_key=True)
    epoch: datetime = created()
    factor: float = 1.0
    engagement_rules: str = ""


def digest(token: str) -> str:
    """How a key or a session token is stored. They are 256 random bits, so that a plain hash is enough."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


async def create_key(tx: AsyncSession, role: Role, name: str = "", *, by: str = OPERATOR) -> str:
    """A new API key in plain text, which is not kept: only its hash is. Raises Invalid for an unknown role."""
    key = KEY_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    tx.add(ApiKey(key_hash=digest(key), prefix=key[:SHOWN_CHARS], name=name, role=_known(role)))
    record(tx, by, "key.created", key[:SHOWN_CHARS], role=role, name=name)
    await tx.flush()
    return key


async def find_key(tx: AsyncSession, key: str) -> ApiKey | None:
    """The key's row; None where it is unknown or revoked."""
    if not key.startswith(KEY_PREFIX):
        return None
    found = select(ApiKey).where(ApiKey.key_hash == digest(key), ApiKey.revoked_at.is_(None))
    return (await tx.execute(found)).scalar_one_or_none()


async def revoke_key(tx: AsyncSession, prefix: str, *, by: str = OPERATOR) -> int:
    """End every key that people recognise by `prefix`; how many there were."""
    keys = select(ApiKey).where(ApiKey.prefix == prefix, ApiKey.revoked_at.is_(None))
    found = (await tx.execute(keys)).scalars().all()
    for key in found:
        key.revoked_at = now()
        record(tx, by, "key.revoked", prefix)
    return len(found)


async def list_keys(tx: AsyncSession) -> list[ApiKey]:
    """Every key, newest first."""
    return list((await tx.execute(select(ApiKey).order_by(ApiKey.created_at.desc()))).scalars())


async def create_user(
    tx: AsyncSession, email: str, role: Role, password: str, name: str = "", *, by: str = OPERATOR
) -> User:
    """A person who can sign in. Raises Invalid (address, role, password) and Conflict where there is one already."""
    address = normal_email(email)
    if (await tx.execute(select(User.id).where(User.email == address))).scalar_one_or_none():
        raise Conflict("There is already a user with this address.")
    user = User(email=address, name=name, role=_known(role), password_hash=await _hash(password))
    tx.add(user)
    record(tx, by, "user.created", user.id, role=role)
    await tx.flush()
    return user


async def set_password(tx: AsyncSession, user_id: UUID, password: str, *, by: str = OPERATOR) -> None:
    """Change the password and sign the person out everywhere. Raises Invalid."""
    user = await tx.get_one(User, user_id)
    user.password_hash = await _hash(password)
    record(tx, by, "password.changed", user_id)
    await tx.execute(delete(UserSession).where(UserSession.user_id == user_id))


async def check_password(tx: AsyncSession, email: str, password: str) -> User | None:
    """The user whose password this is. An unknown address takes as long as a wrong password."""
    found = select(User).where(User.email == email.strip().lower(), User.disabled_at.is_(None))
    user = (await tx.execute(found)).scalar_one_or_none()
    stored = user.password_hash if user else await asyncio.to_thread(_dummy_hash)
    fits = len(password) <= MAX_PASSWORD_CHARS and await asyncio.to_thread(_hasher.verify, password, stored)
    return user if fits else None


async def begin_session(tx: AsyncSession, user_id: UUID, lifetime: timedelta = SESSION_LIFETIME) -> str:
    """Sign a browser in: the token for its cookie, of which only the hash is kept. Clears away what has run out."""
    await tx.execute(delete(UserSession).where(UserSession.expires_at < now()))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    tx.add(UserSession(token_hash=digest(token), user_id=user_id, expires_at=now() + lifetime))
    await tx.flush()
    return token


async def find_session(tx: AsyncSession, token: str) -> User | None:
    """Who is signed in with this token; None where the session ended or the person was disabled."""
    found = (
        select(User)
        .join(UserSession, UserSession.user_id == User.id)
        .where(UserSession.token_hash == digest(token), UserSession.expires_at > now(), User.disabled_at.is_(None))
    )
    return (await tx.execute(found)).scalar_one_or_none()


async def end_session(tx: AsyncSession, token: str) -> None:
    """Sign a browser out."""
    await tx.execute(delete(UserSession).where(UserSession.token_hash == digest(token)))


def record(tx: AsyncSession, actor: str, action: str, target: object = "", **details: Any) -> None:  # noqa: ANN401 - JSON
    """Write to the audit log, in the transaction of the change itself.

    `actor` is `key:<prefix>`, `user:<id>` or `operator`; `action` such as `dead_letter.replayed`; `target` an id.
    """
    tx.add(Audit(actor=actor, action=action, target=str(target), details=details))


async def instance_clock(tx: AsyncSession, factor: float = 1.0) -> Clock:
    """The clock that this data was made on; begun now with `factor` where the data is new."""
    row = insert(Instance).values(id=1, epoch=now(), factor=factor).on_conflict_do_nothing()
    stored = (await tx.execute(select(Instance))).scalar_one_or_none()
    if stored is None:
        await tx.execute(row)
        stored = (await tx.execute(select(Instance))).scalar_one()
    return Clock(epoch=stored.epoch, factor=stored.factor)


def _known(role: str) -> str:
    if role not in ROLES:
        message = f"A role is one of {', '.join(ROLES)}."
        raise Invalid(message, "role")
    return role


async def _hash(password: str) -> str:
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        message = f"A password has {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters."
        raise Invalid(message, "password")
    return await asyncio.to_thread(_hasher.hash, password)


@cache
def _dummy_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe())
