"""The way from a funnel to the till: one session of the payment processor for one checkout."""

from __future__ import annotations

from collections.abc import Mapping

from api.deps import Services
from api.funnel_view import Place, name_of
from api.offer_till import back_to_offer, of_offer
from domain.money import major
from providers.funnel_links import checkout_token
from providers.protocols import Checkout, LineItem
from store import funnels
from store.contacts import Contact
from store.funnel_prices import Quote
from store.funnels import FunnelCheckout


async def to_till(services: Services, at: Place, row: FunnelCheckout, priced: Quote, brought: Mapping[str, str]) -> str:
    """The address of the page on which `row` is paid; `brought` says by whose link. Raises ProviderError."""
    if row.url:
        return row.url
    async with services.db.transaction() as tx:
        contact_id = await funnels.contact_of(tx, row.visitor, row.funnel)
        contact = await tx.get(Contact, contact_id) if contact_id else None
        visit = await funnels.visit_of(tx, row.visitor, row.funnel)
    home, step = services.settings.public_url, at.here
    till = await services.tills.checkout(
        Checkout(
            key=str(row.id),
            lines=_lines(services, row, priced),
            currency=row.currency,
            success_url=f"{home}{back_from_till(services, row)}",
            # Who leaves the till without paying comes to where a no leads.
            cancel_url=f"{home}{at.path(step.no or step.key)}",
            expires_at=row.open_until,
            email=contact.email or "" if contact else "",
            metadata={
                "checkout": str(row.id),
                "funnel": row.funnel,
                "step": row.step,
                "visitor": str(row.visitor),
                "products": ",".join(row.products),
                **brought,
                **{f"utm_{name}": value for name, value in (visit.utm if visit else {}).items()},
            },
        )
    )
    async with services.db.transaction() as tx:
        await funnels.at_till(tx, row.id, till.session_id, till.url)
    return till.url


def back_from_till(services: Services, row: FunnelCheckout) -> str:
    """Where the till leads after a payment."""
    if of_offer(row):
        return back_to_offer(services, row)
    return f"/f/{row.funnel}/{row.step}/paid/{checkout_token(services.secret, row.id)}"


def _lines(services: Services, row: FunnelCheckout, priced: Quote) -> list[LineItem]:
    """What stands on the bill: what the step sells, and what was added to it."""
    added = major(row.bump_amount, row.currency)
    lines = [LineItem(row.products[0], priced.name, 1, major(row.amount, row.currency) - added)]
    if row.bump_amount:
        lines.append(LineItem(row.products[-1], name_of(services, row.products[-1]), 1, added))
    return lines
