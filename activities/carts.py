"""A cart's discount code, and the end of its hold."""

from __future__ import annotations

from temporalio import activity

from domain import names
from domain.errors import ProviderError
from providers.protocols import Payments
from store.carts import Cart
from store.db import Database
from store.identity import lock_contact
from store.journeys import OPEN, Journey
from store.lifecycle import end
from workflows.cart_recovery import DiscountRequest, ReleaseRequest
from workflows.journey import StepResult


class CartActivities:
    """One payment processor."""

    def __init__(self, db: Database, payments: Payments) -> None:
        self._db, self._payments = db, payments

    @activity.defn(name=names.CART_DISCOUNT)
    async def discount(self, request: DiscountRequest) -> StepResult:
        """Make the cart's one code, valid until its hold ends. Without one the reminders go out plain."""
        async with self._db.transaction() as tx:
            cart = await tx.get_one(Cart, request.cart_id)
        if cart.discount_code or cart.state != "open" or cart.hold_until is None or not request.percent:
            return StepResult(status="skipped", reason="not_needed")
        try:
            code = await self._payments.discount_code(
                key=str(cart.id), percent=request.percent, expires_at=cart.hold_until
            )
        except ProviderError as error:
            if not error.final:
                raise
            return StepResult(status="failed", reason=error.code)
        async with self._db.transaction() as tx:
            row = await tx.get_one(Cart, request.cart_id, with_for_update=True)
            row.discount_code, row.discount_percent = row.discount_code or code, request.percent
        return StepResult(status="done")

    @activity.defn(name=names.CART_RELEASE)
    async def release(self, request: ReleaseRequest) -> StepResult:
        """Give the held stock back and close the journey, unless it was paid before."""
        async with self._db.transaction() as tx:
            await lock_contact(tx, request.contact_id)
            cart = await tx.get_one(Cart, request.cart_id, with_for_update=True)
            journey = await tx.get_one(Journey, request.journey_id)
            if cart.state != "open":
                if journey.state in OPEN:
                    end(journey, "exited", f"cart_{cart.state}")
                    journey.notified = journey.revision
                return StepResult(status="ended", reason=f"cart_{cart.state}")
            cart.state = "released"
            if journey.state in OPEN:
                end(journey, "completed", "released")
                journey.notified = journey.revision
        return StepResult(status="done")
