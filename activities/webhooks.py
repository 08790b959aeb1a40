"""`webhook.call`: another system is told of a person's step."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.journeys import due_of
from domain import names
from domain.errors import ProviderError
from domain.names import derived
from domain.steps.webhook import Webhook
from providers.webhooks import OutgoingWebhooks
from store.db import Database
from store.describing import described
from store.identity import lock_contact
from store.journeys import Journey
from store.queries.contacts import living
from store.sequences import Definitions
from store.steps import StepView, close_step, open_step
from workflows.journey import StepRequest, StepResult


class WebhookActivities:
    """One sender."""

    def __init__(self, db: Database, definitions: Definitions, webhooks: OutgoingWebhooks) -> None:
        self._db, self._definitions, self._webhooks = db, definitions, webhooks

    @activity.defn(name=names.WEBHOOK)
    async def tell(self, request: StepRequest) -> StepResult:
        """Look, tell, write down. A receiver that is away is waited for; one that refuses is shown."""
        async with self._db.transaction() as tx:
            view = await open_step(tx, self._definitions, due_of(request))
            body = await _body(tx, request, view) if view.obstacle is None else {}
        if view.obstacle is not None and view.status in {"hold", "moved"}:
            return StepResult(status=view.status, reason=view.obstacle)
        status, reason = view.status, view.obstacle or ""
        if view.obstacle is None:
            status, reason = await self._post(request, view, body)
        async with self._db.transaction() as tx:
            await lock_contact(tx, request.contact_id)
            journey = await tx.get_one(Journey, request.journey_id)
            last = request.next_step is None
            moved = await close_step(tx, journey, due_of(request), "webhook", status, reason, last=last)
        return StepResult(status="moved" if moved else status, reason=reason)

    async def _post(self, request: StepRequest, view: StepView, body: dict[str, object]) -> tuple[str, str]:
        key = str(derived("webhook", request.journey_id, request.step))
        try:
            await self._webhooks.post(view.step.read(Webhook).url, key, body)
        except ProviderError as error:
            if not error.final:
                raise
            return "failed", error.code
        return "done", ""


async def _body(tx: AsyncSession, request: StepRequest, view: StepView) -> dict[str, object]:
    """Ids, and of the person what the step names."""
    contact = await living(tx, request.contact_id)
    journey = await tx.get_one(Journey, request.journey_id)
    known = await described(tx, contact, ())
    known |= {"email": contact.email, "first_name": contact.first_name, "company": contact.company}
    fields = {name: known.get(name) for name in view.step.read(Webhook).fields}
    return {
        "type": f"{journey.sequence}.{view.step.key}",
        "timestamp": datetime.now(UTC).isoformat(),
        "data": {"contact_id": str(contact.id), "journey_id": str(journey.id), **fields},
    }
