"""What every table shares: types, naming of constraints, timestamps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import Column, DateTime, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Ahead:
    """How far this process's time is ahead of the machine's: not at all, but for a rehearsal's own process."""

    span: ClassVar[timedelta] = timedelta()


def now() -> datetime:
    """The real time, as every stored time."""
    return datetime.now(UTC) + Ahead.span


def at(*, nullable: bool = True, index: bool = False) -> Any:  # noqa: ANN401 - SQLModel's Field is Any
    """A column of a real moment with its zone."""
    return Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=nullable, index=index))


def created() -> Any:  # noqa: ANN401 - SQLModel's Field is Any
    """The moment a row was made."""
    return Field(default_factory=now, sa_column=Column(DateTime(timezone=True), nullable=False))


def json_object() -> Any:  # noqa: ANN401 - SQLModel's Field is Any
    """A JSONB column that holds an object."""
    return Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}"))


def json_list() -> Any:  # noqa: ANN401 - SQLModel's Field is Any
    """A JSONB column that holds a list."""
    return Field(default_factory=list, sa_column=Column(JSONB, nullable=False, server_default="[]"))


def words() -> Any:  # noqa: ANN401 - SQLModel's Field is Any
    """A text[] column."""
    return Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default="{}"))
