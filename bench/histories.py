"""What the stories left in Temporal: events and bytes for each kind of workflow, and the actions counted anew."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from temporalio.api.enums.v1 import EventType

from bench.ground import Ground
from bench.stories import Stories
from bench.table import Row, median

# The events that are actions: https://docs.temporal.io/cloud/actions
_ACTIONS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
}
_MAILS = {"demo_nurture": 7, "purchase_followup": 3, "order_receipt": 1}


@dataclass(slots=True)
class _Kind:
    events: list[int] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)


async def histories(ground: Ground, stories: Stories) -> list[Row]:
    """Events and bytes per journey, and whether histories and the server's counter agree."""
    kinds: dict[str, _Kind] = defaultdict(_Kind)
    for kind, workflow_id in await _workflows(ground):
        info = (await ground.client.get_workflow_handle(workflow_id).describe()).raw_description.workflow_execution_info
        kinds[kind].events.append(info.history_length)
        kinds[kind].bytes.append(info.history_size_bytes)
    found = [row for kind, sizes in kinds.items() for row in _rows(kind, sizes)]
    differs = await difference(ground, stories)
    return [Row("actions by the counter, less those in the histories", differs, "", 0, digits=0), *found]


async def difference(ground: Ground, stories: Stories) -> int:
    """The actions that the server counted, less those that its histories hold."""
    held = 0
    for _, workflow_id in await _workflows(ground):
        events = ground.client.get_workflow_handle(workflow_id).fetch_history_events()
        held += sum([event.event_type in _ACTIONS async for event in events])
    counted = sum(each.actions.total() for each in (stories.intake, stories.nurture, stories.purchases))
    return counted - held


async def _workflows(ground: Ground) -> list[tuple[str, str]]:
    journeys = await ground.rows("SELECT sequence, workflow_id FROM journeys ORDER BY sequence")
    leads = await ground.rows("SELECT 'LeadIntake', 'lead/' || id FROM events WHERE type = 'lead_captured'")
    return [(str(kind), str(workflow_id)) for kind, workflow_id in [*journeys, *leads]]


def _rows(kind: str, sizes: _Kind) -> list[Row]:
    mails = _MAILS.get(kind, 0)
    each = f"{mails} mail{'s' * (mails != 1)}, {median(sizes.bytes) / mails:,.0f} bytes each" if mails else ""
    return [
        Row(f"{kind}: history events", median(sizes.events), "", digits=0, note=f"the median of {len(sizes.events)}"),
        Row(f"{kind}: history size", median(sizes.bytes), "bytes", digits=0, note=each),
    ]
