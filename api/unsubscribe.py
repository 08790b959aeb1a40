"""`/u/{token}`: the link in every marketing mail. Looking changes nothing; posting takes effect at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse

from api.consents import proof
from api.deps import Services, Wired
from api.pages import page
from api.problems import responses
from domain.events import Incoming
from providers.links import read_unsubscribe
from store.queries.contacts import living

SOURCE = "unsubscribe"
Token = Annotated[str, Path(description="As it stands in the mail.")]

router = APIRouter(tags=["unsubscribe"])


@router.get("/u/{token}", summary="The page that asks", response_class=HTMLResponse, responses=responses(404))
async def ask(token: Token, services: Wired) -> HTMLResponse:
    """Changes nothing, sets no cookie and leads nowhere: mail scanners follow every link."""
    read_unsubscribe(services.secret, token)
    return page("unsubscribe.html", brand=services.marketing.brand.name, preferences=f"/u/{token}/preferences")


@router.post(
    "/u/{token}",
    summary="Unsubscribe",
    response_class=HTMLResponse,
    responses=responses(404, 413, 503),
    openapi_extra={
        "requestBody": {
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {"type": "object", "properties": {"List-Unsubscribe": {"type": "string"}}},
                    "examples": {"one-click": {"value": {"List-Unsubscribe": "One-Click"}}},
                }
            }
        }
    },
)
async def unsubscribe(token: Token, request: Request, services: Wired) -> HTMLResponse:
    """RFC 8058, and the button of the page: in force when 200 is answered, as often as it is posted."""
    await leave(token, request, services)
    return page("unsubscribed.html", brand=services.marketing.brand.name, preferences=f"/u/{token}/preferences")


async def leave(token: str, request: Request, services: Services) -> None:
    """The opt-out from everything, with its proof. Raises NotFound."""
    link = read_unsubscribe(services.secret, token)
    async with services.db.transaction() as tx:
        contact = await living(tx, link.contact_id)
    # A repeat is no second event; but whoever subscribed again meanwhile can leave by the old link too.
    if contact.opted_out_at is None and contact.erased_at is None:
        payload = {
            "contact_id": str(contact.id),
            "message_id": str(link.message_id) if link.message_id else None,
            **proof(request, services, SOURCE),
        }
        await services.take(Incoming(type="unsubscribed", source=SOURCE, payload=payload))
