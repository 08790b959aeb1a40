"""An import carried out as its workflow does, without Temporal."""

from __future__ import annotations

from uuid import UUID

from temporalio.testing import ActivityEnvironment

from activities.imports import ImportActivities
from domain.marketing import Marketing
from store.db import Database
from workflows.contact_import import SliceRequest, Task


async def carry_out(db: Database, marketing: Marketing, import_id: UUID, task: Task) -> None:
    """Slice after slice, until nothing is left."""
    after: int | None = 0
    activities = ImportActivities(db, marketing)
    while after is not None:
        request = SliceRequest(import_id=import_id, task=task, after=after)
        after = (await ActivityEnvironment().run(activities.carry, request)).after
