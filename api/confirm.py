"""`/c/{token}`: the link in the mail of a double opt-in. Looking changes nothing, since mail scanners follow links."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from api.consents import proof
from api.deps import Wired
from api.pages import page
from api.problems import responses
from api.unsubscribe import Token
from domain.events import Incoming
from providers.links import read_confirm
from store.queries.contacts import living

SOURCE = "confirm"

router = APIRouter(tags=["forms"])


@router.get("/c/{token}", summary="The page that asks", response_class=HTMLResponse, responses=responses(404))
async def ask(token: Token, services: Wired) -> HTMLResponse:
    """A button, and nothing else."""
    read_confirm(services.secret, token)
    return page("confirm.html", brand=services.marketing.brand.name, done=False)


@router.post(
    "/c/{token}", summary="Confirm an address", response_class=HTMLResponse, responses=responses(404, 413, 503)
)
async def confirm(token: Token, request: Request, services: Wired) -> HTMLResponse:
    """`email_confirmed`, once a mail: consent counts from here, and what waited for it begins."""
    link = read_confirm(services.secret, token)
    async with services.db.transaction() as tx:
        contact = await living(tx, link.contact_id)
    if contact.erased_at is None:
        told = Incoming(
            type="email_confirmed",
            source=SOURCE,
            sender_id=f"confirm:{link.message_id}",
            payload={"contact_id": str(contact.id), **proof(request, services, SOURCE)},
        )
        await services.take(told)
    return page("confirm.html", brand=services.marketing.brand.name, done=True)
