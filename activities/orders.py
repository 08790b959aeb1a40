"""Asking the payment processor what was bought."""

from __future__ import annotations

from temporalio import activity

from domain import names
from domain.errors import ProviderError
from domain.events import Incoming
from domain.marketing import Marketing
from providers.protocols import Payments
from store.actions import note
from store.db import Database
from store.events import Event
from store.ingest import ingest
from workflows.order_intake import OrderInput, OrderResult


class OrderActivities:
    """One payment processor."""

    def __init__(self, db: Database, marketing: Marketing, payments: Payments) -> None:
        self._db, self._marketing, self._payments = db, marketing, payments

    @activity.defn(name=names.ORDER_RESOLVE)
    async def resolve(self, given: OrderInput) -> OrderResult:
        """Fetch the session's line items and tell of them by an event of our own."""
        async with self._db.transaction() as tx:
            event = await tx.get_one(Event, given.event_id)
        session = str(event.payload.get("order_id"))
        try:
            items = await self._payments.line_items(session)
        except ProviderError as error:
            if not error.final:
                raise
            async with self._db.transaction() as tx:
                await note(tx, event, "order_unresolved", session, error.code)
            return OrderResult(products=0)
        products = list(dict.fromkeys(item.product for item in items))
        resolved = {key: value for key, value in event.payload.items() if key != "unresolved"}
        told = Incoming(
            type="purchase_completed",
            source="perennial",
            sender_id=f"order:{event.id}",
            occurred_at=event.occurred_at,
            payload={**resolved, "products": products, "contact_id": str(event.contact_id)},
        )
        await ingest(self._db, self._marketing, told)
        return OrderResult(products=len(products))
