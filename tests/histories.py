"""Looking into histories: what was done, and every word in them."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import Any

from temporalio.client import WorkflowHistory

STARTED = "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"
TIMER = "EVENT_TYPE_TIMER_STARTED"
ACTIVITY = "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"


def kinds(history: WorkflowHistory) -> Counter[str]:
    """How often each type of event is in it."""
    return Counter(str(event["eventType"]) for event in history.to_json_dict()["events"])


def actions(history: WorkflowHistory) -> int:
    """What Temporal bills without signals: the start, timers, activities."""
    counted = kinds(history)
    return counted[STARTED] + counted[TIMER] + counted[ACTIVITY]


def words(history: WorkflowHistory) -> str:
    """Every text in it, payloads decoded."""
    return "\n".join(_texts(history.to_json_dict()))


def _texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for key, value in node.items() for text in [*_decoded(key, value), *_texts(value)]]
    if isinstance(node, list):
        return [text for value in node for text in _texts(value)]
    return [node] if isinstance(node, str) else []


def _decoded(key: str, value: Any) -> list[str]:
    if key != "data" or not isinstance(value, str):
        return []
    return [base64.b64decode(value).decode(errors="replace")]


def loaded(text: str, workflow_id: str) -> WorkflowHistory:
    """A stored history."""
    return WorkflowHistory.from_json(workflow_id, json.loads(text))
