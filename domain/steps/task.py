"""`task: {kind: retention_review, title: …}`: something that a person of the team is to do."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from domain.steps.base import Body, Kind

Urgency = Literal["low", "normal", "high"]


class Task(Body):
    """`title` is Liquid."""

    kind: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    title: str = Field(min_length=1, max_length=200)
    priority: Urgency = "normal"


KIND = Kind("task", Task)
