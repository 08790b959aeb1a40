"""`/u/{token}/preferences`: what a person wants to hear about. Looking changes nothing; saving holds at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.consents import proof
from api.deps import Services, Wired
from api.pages import page
from api.posted import pairs
from api.problems import responses
from api.unsubscribe import Token, leave
from domain.events import Incoming
from domain.identity import masked
from domain.marketing import Marketing
from domain.preferences import CHANNELS, of_channel, of_topic
from providers.links import read_unsubscribe
from store.contacts import Contact
from store.queries.contacts import living

SOURCE = "preferences"

router = APIRouter(tags=["unsubscribe"])


class Choice(BaseModel):
    """One box of the page."""

    word: str
    title: str
    description: str = ""
    wanted: bool


def choices(marketing: Marketing, contact: Contact) -> tuple[list[Choice], list[Choice]]:
    """The boxes of topics and of channels, as the person has them now."""
    declined = set(contact.declined)

    def of(word: str, title: str, description: str = "") -> Choice:
        return Choice(word=word, title=title, description=description, wanted=word not in declined)

    topics = [of(of_topic(one.key), one.title, one.description) for one in marketing.topics]
    return topics, [of(of_channel(key), title) for key, title in CHANNELS.items()]


@router.get(
    "/u/{token}/preferences",
    summary="What a person hears about",
    response_class=HTMLResponse,
    responses=responses(404),
)
async def show(token: Token, services: Wired, saved: str = "") -> HTMLResponse:
    """The page behind "choose what you hear about" of every marketing mail. `saved` is set after a post."""
    contact = await _person(services, token)
    topics, channels = choices(services.marketing, contact)
    return page(
        "preferences.html",
        brand=services.marketing.brand.name,
        address=masked(contact.email or ""),
        token=token,
        left=contact.opted_out_at is not None,
        topics=topics,
        channels=channels,
        saved=bool(saved),
    )


@router.post(
    "/u/{token}/preferences",
    status_code=303,
    summary="Choose what a person hears about",
    response_class=HTMLResponse,
    responses=responses(404, 413, 503),
    openapi_extra={
        "requestBody": {
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
                    "examples": {"one topic": {"value": {"topic:offers": "on", "channel:email": "on"}}},
                }
            }
        }
    },
)
async def choose(token: Token, request: Request, services: Wired) -> Response:
    """A box that is not ticked is a no. `nothing` leaves everything; `everything` comes back after that."""
    contact, given = await _person(services, token), await pairs(request)
    if "nothing" in given:
        await leave(token, request, services)
    elif contact.erased_at is None and (changed := dict(_changed(services.marketing, contact, given))):
        payload = {
            "contact_id": str(contact.id),
            "choices": changed,
            "wording": _wording(services.marketing, changed),
            **proof(request, services, SOURCE),
        }
        await services.take(Incoming(type="preferences_changed", source=SOURCE, payload=payload))
    return RedirectResponse(f"/u/{token}/preferences?saved=1", HTTPStatus.SEE_OTHER)


async def _person(services: Services, token: str) -> Contact:
    link = read_unsubscribe(services.secret, token)
    async with services.db.transaction() as tx:
        return await living(tx, link.contact_id)


def _changed(marketing: Marketing, contact: Contact, given: Mapping[str, object]) -> Iterator[tuple[str, bool]]:
    """What differs from before: saving the page as it was is no event."""
    if contact.opted_out_at is not None:
        if "everything" in given:
            yield "everything", True
        return
    topics, channels = choices(marketing, contact)
    for one in (*topics, *channels):
        if one.wanted != (one.word in given):
            yield one.word, not one.wanted


def _wording(marketing: Marketing, changed: Mapping[str, bool]) -> str:
    """What the page said beside the boxes, for the proof."""
    titles = {of_topic(one.key): one.title for one in marketing.topics}
    titles |= {of_channel(key): title for key, title in CHANNELS.items()}
    titles["everything"] = "Hear from us again"
    return "; ".join(f"{titles[word]}: {'yes' if wanted else 'no'}" for word, wanted in changed.items())
