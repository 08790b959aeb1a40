"""What a writer is told beyond the source, and what is put to its words: for kinds whose numbers are configuration."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel

from domain.briefs import Brief
from domain.funnel_plan import PREFIX, complete, plan
from domain.funnels import Funnel
from domain.strategies import Strategy
from domain.written_offers import Offer

T = TypeVar("T", bound=BaseModel)


def told(kind: str, brief: Brief) -> dict[str, str]:
    """Texts by name that go to the writer with the source. Raises Invalid for what cannot be made of this brief."""
    if not kind.startswith(PREFIX):
        return {}
    steps = [{"key": one.key, "about": one.about} for one in plan(brief, kind.removeprefix(PREFIX))]
    return {"plan": json.dumps({"magnet": brief.options.get("magnet", ""), "steps": steps})}


def finished(kind: str, value: T, brief: Brief | None, at: datetime) -> T:
    """The writer's words with what is not the writer's to say, as of the real moment `at`.

    Raises Invalid for words that do not fit the plan.
    """
    if isinstance(value, Funnel) and brief is not None:
        whole = complete(value, brief, kind.removeprefix(PREFIX))
        return type(value).model_validate(whole.model_dump())
    if isinstance(value, Offer) and brief is not None:
        return value.filled(brief, at)
    if isinstance(value, Strategy) and brief is not None and brief.findings is not None:
        return value.filled(brief.findings)
    return value
