"""The one signal that all workflows listen to: look again, this is where the row stands."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel


class Notice(BaseModel):
    """What dispatch tells a running workflow of its row.

    `revision` grows with every change of the row; an older one is ignored. `state` is the row's state,
    `reason` a fixed word for people, `at` the real moment of the change, `shift_s` the real seconds that
    a journey has been paused in all. `version` is that of the row's definition (0: it cannot change), `anchor_at` the
    real moment that its plan counts from where that is not its start, and `heard` the step for which it waited for an
    event that has come.
    """

    revision: int
    state: str
    reason: str = ""
    at: datetime
    shift_s: float = 0.0
    version: int = 0
    anchor_at: datetime | None = None
    heard: str = ""


class JourneyRow(Protocol):
    """What a notice tells of a journey's row."""

    revision: int
    state: str
    reason: str
    ended_at: datetime | None
    paused_at: datetime | None
    started_at: datetime
    shift_s: float
    version: int
    anchor_at: datetime | None
    heard: str


def notice_of(row: JourneyRow) -> Notice:
    """A journey's row as its workflow is told of it."""
    return Notice(
        revision=row.revision,
        state=row.state,
        reason=row.reason,
        at=row.ended_at or row.paused_at or row.started_at,
        shift_s=row.shift_s,
        version=row.version,
        anchor_at=row.anchor_at,
        heard=row.heard,
    )
