"""`/d/{token}`: where what was bought is downloaded. Looking changes nothing; a button gives a file.

A refund takes it back at once. From the page of a link that has ended a new one is asked for, which goes to the buyer's
own address and nowhere else: whoever was passed the link gets nothing by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import FileResponse, HTMLResponse, Response

from api.deps import Services, Wired
from api.pages import page
from api.problems import responses
from domain.catalogue import File
from domain.errors import NotFound
from domain.events import Incoming
from providers.delivery_links import DeliveryLink, read_delivery
from store.base import now
from store.deliveries import Delivery, delivery_of
from store.facts.leads import OURS

GONE = "What this link led to is not there any more. Reply to the mail that it stood in, and a person will help."
ENDED: dict[int | str, dict[str, Any]] = {
    410: {"description": "The link has ended, or what was bought was given back."}
}
Token = Annotated[str, Path(description="As it stands in the mail.")]

router = APIRouter(tags=["deliveries"])


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody with a link of ours asks for."""

    link: DeliveryLink
    delivery: Delivery

    @property
    def refunded(self) -> bool:
        """Nothing of it is theirs any more."""
        return not self.delivery.left

    @property
    def ended(self) -> bool:
        """The link is too old."""
        return self.link.ends <= now()


@router.get("/d/{token}", summary="What was bought", response_class=HTMLResponse, responses=responses(404) | ENDED)
async def show(token: Token, services: Wired) -> HTMLResponse:
    """Changes nothing and counts nothing: mail scanners follow every link."""
    return _page(services, token, await _asked_for(services, token))


@router.post(
    "/d/{token}/new-link", summary="Send a new link", response_class=HTMLResponse, responses=responses(404, 503) | ENDED
)
async def renew(token: Token, services: Wired) -> HTMLResponse:
    """By mail to the buyer's own address, once an hour at most. An old link is enough to ask."""
    asked = await _asked_for(services, token)
    if asked.refunded:
        return _page(services, token, asked)
    order = asked.delivery.order
    event = Incoming(
        type="delivery_requested",
        source=OURS,
        sender_id=f"delivery:{order.id}:{now():%Y-%m-%dT%H}",
        payload={"contact_id": str(order.contact_id), "order_id": order.external_id},
    )
    await services.take(event)
    return _page(services, token, asked, sent=True)


@router.post(
    "/d/{token}/{product}/{number}",
    summary="Download a file",
    response_class=FileResponse,
    responses=responses(404, 503) | ENDED,
)
async def fetch(token: Token, product: str, number: int, services: Wired) -> Response:
    """The file, once `book_downloaded` is durable: it counts once a person and product, however often it is fetched."""
    asked = await _asked_for(services, token)
    if asked.ended or asked.refunded:
        return _page(services, token, asked)
    found = next((one for one in asked.delivery.left if one.key == product), None)
    if found is None or not 0 <= number < len(found.files):
        raise NotFound(GONE)
    file = _file(services, found.files[number])
    contact_id = asked.delivery.order.contact_id
    event = Incoming(
        type="book_downloaded",
        source=OURS,
        sender_id=f"book:{contact_id}:{found.key}",
        payload={"contact_id": str(contact_id), "product": found.key},
    )
    await services.take(event)
    return FileResponse(file, filename=f"{found.key}{file.suffix}", headers={"cache-control": "no-store"})


async def _asked_for(services: Services, token: str) -> Asked:
    """Raises NotFound for a link that is not ours, and for an order that is not there any more."""
    link = read_delivery(services.secret, token)
    async with services.db.transaction() as tx:
        delivery = await delivery_of(tx, services.marketing, link.order_id)
    if delivery is None or not delivery.bought:
        raise NotFound(GONE)
    return Asked(link, delivery)


def _page(services: Services, token: str, asked: Asked, *, sent: bool = False) -> HTMLResponse:
    gone = asked.refunded or (asked.ended and not sent)
    return page(
        "delivery.html",
        status=HTTPStatus.GONE if gone else HTTPStatus.OK,
        brand=services.marketing.brand.name,
        token=token,
        products=asked.delivery.left,
        number=str(asked.delivery.order.id)[:8].upper(),
        refunded=asked.refunded,
        ended=asked.ended,
        sent=sent,
    )


def _file(services: Services, file: File) -> FilePath:
    """The file, which must lie inside the configuration folder. Raises NotFound."""
    folder = services.settings.config_dir.resolve()
    path = (folder / file.path).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise NotFound(GONE)
    return path
