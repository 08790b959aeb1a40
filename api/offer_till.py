"""The way from an offer to the till. Its checkouts stand beside those of funnels, under names that no step has."""

from __future__ import annotations

from collections.abc import Mapping

from api.deps import Services
from api.offer_view import bill
from domain.money import major
from providers.funnel_links import checkout_token
from providers.protocols import Checkout, LineItem
from store import funnels
from store.funnels import FunnelCheckout

# A funnel's steps are named in lower-case letters, digits and hyphens.
STEP = "offer:"


def of_offer(row: FunnelCheckout) -> bool:
    """Whether the checkout was begun on an offer's page."""
    return row.step.startswith(STEP)


def home_of(row: FunnelCheckout) -> str:
    """The offer's page."""
    return f"/o/{row.funnel}"


def back_to_offer(services: Services, row: FunnelCheckout) -> str:
    """Where the till leads after a payment."""
    return f"{home_of(row)}/paid/{checkout_token(services.secret, row.id)}"


async def to_till(services: Services, row: FunnelCheckout, metadata: Mapping[str, str]) -> str:
    """The address of the page on which `row` is paid, until its price ends. Raises ProviderError."""
    if row.url:
        return row.url
    home = services.settings.public_url
    till = await services.tills.checkout(
        Checkout(
            key=str(row.id),
            lines=[LineItem(row.products[0], bill(services, row.products), 1, major(row.amount, row.currency))],
            currency=row.currency,
            success_url=f"{home}{back_to_offer(services, row)}",
            cancel_url=f"{home}{home_of(row)}",
            expires_at=row.open_until,
            metadata={
                "checkout": str(row.id), "offer": row.funnel, "products": ",".join(row.products), **metadata,
            },
        )
    )  # fmt: skip
    async with services.db.transaction() as tx:
        await funnels.at_till(tx, row.id, till.session_id, till.url)
    return till.url
