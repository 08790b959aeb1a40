"""`discount.make`: a code of the person's own, at the payment processor."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.dialects.postgresql import insert
from temporalio import activity

from activities.journeys import due_of
from domain import names
from domain.clock import Clock
from domain.errors import ProviderError
from domain.steps.discount import Discount as DiscountStep
from providers.protocols import Payments
from store.base import now
from store.db import Database
from store.discounts import Discount
from store.identity import lock_contact
from store.journeys import Journey
from store.sequences import Definitions
from store.steps import close_step, open_step
from workflows.journey import StepRequest, StepResult


class DiscountActivities:
    """One payment processor."""

    def __init__(self, db: Database, definitions: Definitions, clock: Clock, payments: Payments) -> None:
        self._db, self._definitions, self._clock, self._payments = db, definitions, clock, payments

    @activity.defn(name=names.DISCOUNT)
    async def make(self, request: StepRequest) -> StepResult:
        """Make the code once. The row is written first, so that a repeat asks for the same code and the same end."""
        async with self._db.transaction() as tx:
            view = await open_step(tx, self._definitions, due_of(request))
        if view.obstacle is not None and view.status in {"hold", "moved"}:
            return StepResult(status=view.status, reason=view.obstacle)
        status, reason = view.status, view.obstacle or ""
        if view.obstacle is None:
            status, reason = await self._make(request, view.step.read(DiscountStep))
        async with self._db.transaction() as tx:
            await lock_contact(tx, request.contact_id)
            journey = await tx.get_one(Journey, request.journey_id)
            last = request.next_step is None
            moved = await close_step(tx, journey, due_of(request), "discount", status, reason, last=last)
        return StepResult(status="moved" if moved else status, reason=reason)

    async def _make(self, request: StepRequest, step: DiscountStep) -> tuple[str, str]:
        row = await self._reserved(request, step)
        if row.code:
            return "done", ""
        key = f"{request.journey_id}:{request.step}"
        try:
            code = await self._payments.discount_code(key=key, percent=row.percent, expires_at=row.valid_until)
        except ProviderError as error:
            if not error.final:
                raise
            return "failed", error.code
        async with self._db.transaction() as tx:
            kept = await tx.get_one(Discount, (request.journey_id, request.step), with_for_update=True)
            kept.code = kept.code or code
        return "done", ""

    async def _reserved(self, request: StepRequest, step: DiscountStep) -> Discount:
        """The code's row, which fixes until when it is good."""
        lasts = self._clock.real_span(timedelta(seconds=step.valid.nominal_s))
        row = insert(Discount).values(
            journey_id=request.journey_id, step=request.step, contact_id=request.contact_id, code="",
            percent=step.percent, valid_until=now() + lasts, created_at=now(),
        )  # fmt: skip
        async with self._db.transaction() as tx:
            await tx.execute(row.on_conflict_do_nothing())
            return await tx.get_one(Discount, (request.journey_id, request.step))
