"""Who may do what: people, their sessions, machines' keys, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from store.base import at, created, json_object


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
    """The one row about this installation: the clock that its data was made on."""

    __tablename__ = "instance"

    id: int = Field(default=1, primary_key=True)
    epoch: datetime = created()
    factor: float = 1.0
