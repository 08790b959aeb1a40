"""`/v1/inapp`: messages that your product shows a person, and what became of them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.deps import Services, Wired
from api.problems import responses
from api.security import Marketer, Viewer
from domain.errors import Invalid
from domain.events import Incoming
from domain.identity import normal_email
from store.facts.inapp import CLICKED, SEEN
from store.facts.leads import OURS
from store.queries.contacts import living
from store.queries.inapp import InAppView, contact_named, inapp_message, to_show

router = APIRouter(prefix="/v1/inapp", tags=["in-app messages"], responses=responses(401, 403, 422, 503))
UserId = Annotated[str | None, Query(max_length=255, description="Yours, as in events.", examples=["u-7"])]
Email = Annotated[str | None, Query(max_length=320)]
ContactId = Annotated[UUID | None, Query(description="Ours.")]


class Shown(BaseModel):
    """What is to be shown now, the oldest first."""

    items: list[InAppView]


@router.get("", summary="What to show a person now", responses=responses(404))
async def show(
    services: Wired,
    _: Viewer,
    response: Response,
    user_id: UserId = None,
    email: Email = None,
    contact_id: ContactId = None,
) -> Shown:
    """Name the person in one of three ways. Somebody whom nobody knows has nothing to be shown.

    Looking changes nothing: a message is shown until `seen` is called for it, or until it expires.
    """
    if sum(one is not None for one in (user_id, email, contact_id)) != 1:
        raise Invalid("Name exactly one of user_id, email and contact_id.", "user_id")
    async with services.db.transaction() as tx:
        if user_id is not None:
            contact_id = await contact_named(tx, "user_id", user_id)
        elif email is not None:
            contact_id = await contact_named(tx, "email", normal_email(email))
        items = await to_show(tx, await living(tx, contact_id)) if contact_id else []
    response.headers["cache-control"] = "no-store"
    return Shown(items=items)


@router.post("/{message_id}/seen", summary="The person has seen it", responses=responses(404))
async def seen(message_id: UUID, services: Wired, _: Marketer) -> InAppView:
    """It is not shown again. However often it is told, the first time counts: the event `inapp_seen`, once."""
    return await _told(services, SEEN, message_id)


@router.post("/{message_id}/clicked", summary="The person clicked it", responses=responses(404))
async def clicked(message_id: UUID, services: Wired, _: Marketer) -> InAppView:
    """Seen and clicked. The event `inapp_clicked`, once, by which sequences begin, wait and end as by any other."""
    return await _told(services, CLICKED, message_id)


async def _told(services: Services, what: str, message_id: UUID) -> InAppView:
    async with services.db.transaction() as tx:
        message = await inapp_message(tx, message_id)
    payload = {
        "contact_id": str(message.contact_id), "inapp": str(message_id), "sequence": message.sequence,
        "step": message.step,
    }  # fmt: skip
    await services.take(Incoming(type=what, source=OURS, sender_id=f"{what}:{message_id}", payload=payload))
    async with services.db.transaction() as tx:
        return await inapp_message(tx, message_id)
