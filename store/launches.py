"""Launches: all of a brand's assets asked for at once, watched, stopped and resumed as one."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlmodel import Field, SQLModel

from store.base import at, created

RUNNING: Final = "running"
STOPPED: Final = "stopped"
DONE: Final = "done"


class Launch(SQLModel, table=True):
    """One launch of a brand. `state` is `running`, `stopped` or `done`; `at_once` assets are written side by side."""

    __tablename__ = "launches"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    brand: str
    state: str = RUNNING
    at_once: int = 4
    requested_by: str = ""
    created_at: datetime = created()
    stopped_at: datetime | None = at()
    ended_at: datetime | None = at()
