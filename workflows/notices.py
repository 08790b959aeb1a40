"""The one signal that all workflows listen to: look again, this is where the row stands."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class Notice(BaseModel):
    """What dispatch tells a running workflow of its row.

    `revision` grows with every change of the row; an older one is ignored. `state` is the row's state,
    `reason` a fixed word for people, `at` the real moment of the change, `shift_s` the real seconds that
    a journey has been paused in all.
    """

    revision: int
    state: str
    reason: str = ""
    at: datetime
    shift_s: float = 0.0
