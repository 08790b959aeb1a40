"""`POST /forms/{form}`: what visitors of a site fill in, as a plain HTML form or as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from api import affiliate_links
from api.consents import agreed
from api.deps import Services, Wired
from api.pages import page
from api.posted import VisitorFields, fields_of, given_in, is_json
from api.problems import responses
from api.redirects import local
from domain.errors import NotFound
from domain.events import Incoming
from domain.marketing import Form
from store import magnets

THANKS = "/thanks"
TOLD = frozenset({"first_name", "company", "message", "source", "timezone"})

router = APIRouter(tags=["forms"])
Name = Annotated[str, Path(description="As it is called in `marketing.yaml`.", examples=["contact"])]

EXAMPLE: dict[str, JsonValue] = {
    "email": "ada@example.com",
    "first_name": "Ada",
    "company": "Analytical Engines",
    "message": "We would like to see a demo.",
    "source": "website",
    "audience": "developers",
    "utm_source": "google",
    "utm_medium": "cpc",
    "utm_campaign": "spring",
    "landing_page": "https://example.com/demo",
}


class Fields(VisitorFields):
    """What a form may hold; all but the address may be absent. Fields of other names are left alone."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    message: str = Field("", max_length=10_000)
    source: str = Field("", max_length=200)
    audience: str = Field("", max_length=200)
    landing_page: str = Field("", max_length=2000)
    referrer: str = Field("", max_length=2000)
    anonymous_id: str | None = Field(None, max_length=255, description="Whose page visits these are, from the tag.")
    session_id: str | None = Field(None, max_length=255)
    consent: str = Field("on", max_length=20, description="`off` where the form has a box that was not ticked.")


class Posted(BaseModel):
    """It is durable. `id` is our id of the event, absent on a repeat."""

    outcome: Literal["accepted", "duplicate", "rejected"]
    id: str | None = None


@router.post(
    "/forms/{form}",
    status_code=202,
    response_model=Posted,
    summary="A visitor's form",
    responses=responses(400, 404, 408, 413, 422, 503)
    | {303: {"description": "To the form's configured page, after an HTML form's post."}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                kind: {"schema": {"$ref": "#/components/schemas/Fields"}, "examples": {"contact": {"value": EXAMPLE}}}
                for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
            },
        }
    },
)
async def post_form(form: Name, request: Request, services: Wired) -> Response:
    """`contact` starts the demo nurture; other forms are configured by name with their event, tags and audience.

    JSON is answered 202; an HTML form's post 303 to the page that the form is configured with.
    """
    configured = services.marketing.forms.get(form)
    if configured is None:
        raise NotFound("There is no form of this name.")
    body = await request.body()
    fields = fields_of(Fields, await given_in(request))
    promised = await _promised(services, configured)
    receipt = await services.take(captured(form, configured, fields, request, services, body, promised))
    if not is_json(request):
        target = local(configured.redirect, services.settings.public_url, THANKS)
        return RedirectResponse(target, HTTPStatus.SEE_OTHER)
    posted = Posted(outcome=receipt.outcome, id=str(receipt.event_id) if receipt.event_id else None)
    return JSONResponse(posted.model_dump(exclude_none=True), HTTPStatus.ACCEPTED)


@router.get("/thanks", include_in_schema=False)
async def thanks(services: Wired) -> HTMLResponse:
    """Where a form leads that has no page of its own."""
    return page("thanks.html", brand=services.marketing.brand.name)


def captured(
    name: str,
    form: Form,
    fields: Fields,
    request: Request,
    services: Services,
    body: bytes,
    promised: Mapping[str, object],
) -> Incoming:
    """What a form's fields become; `promised` is what is given for them."""
    payload = fields.model_dump(include={*TOLD, "landing_page", "referrer"})
    return Incoming(
        type=form.event,
        source=f"form:{name}"[:60],
        sender_id=fields.submission_id,
        email=fields.email,
        browser_id=fields.anonymous_id,
        session_id=fields.session_id,
        payload={
            **{key: value for key, value in payload.items() if value},
            "form": name,
            "audience": fields.audience or form.audience,
            "tags": form.tags,
            **promised,
            **affiliate_links.told(request, services),
            "utm": fields.utm,
            "consent": agreed(
                request,
                services,
                form=name,
                wording=form.consent_wording,
                place=fields.landing_page or f"form:{name}",
                answer=fields.consent,
                double_opt_in=form.double_opt_in,
            ),
        },
        raw=body,
    )


async def _promised(services: Services, form: Form) -> dict[str, object]:
    """What the form gives for the address."""
    if not form.magnet:
        return {}
    async with services.db.transaction() as tx:
        magnet = await magnets.find(tx, services.marketing, form.magnet)
    return {} if magnet is None else gives(magnet.key, magnet.kind)


def gives(key: str, kind: str) -> dict[str, object]:
    """A magnet in an event, by which it is delivered and which the welcome remembers."""
    return {"magnet": key, "attributes": {"magnet": key, "magnet_kind": kind}}
