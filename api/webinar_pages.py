"""`/webinars/{code}`: the page on which people register for a webinar."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from api import affiliate_links
from api.consents import agreed
from api.deps import Services, Wired
from api.pages import page
from api.posted import CAMPAIGN, VisitorFields, campaign_of, fields_of, given_in, is_json
from api.problems import responses
from domain.errors import Conflict, Invalid
from domain.events import Incoming
from providers.rendering.filters import when
from store.base import now
from store.webinars import Webinar, by_code
from store.zones import zone_of

router = APIRouter(tags=["webinars"])
Code = Annotated[str, Path(max_length=20, examples=["WB003"])]


class Fields(VisitorFields):
    """What the form holds; all but the address may be absent."""

    phone: str = Field("", max_length=50)
    organization_type: str = Field("", max_length=200)
    consent: str = Field("", max_length=20)


@router.get("/webinars/{code}", summary="A webinar's registration form", response_class=HTMLResponse)
async def show(code: Code, request: Request, services: Wired) -> HTMLResponse:
    """Campaign parameters of the address go with the registration."""
    return _page(services, await _webinar(services, code), filled=campaign_of(request))


@router.get("/webinars/{code}/registered", include_in_schema=False)
async def registered(code: Code, services: Wired) -> HTMLResponse:
    """Where the form leads."""
    return _page(services, await _webinar(services, code), done=True)


@router.post(
    "/webinars/{code}",
    status_code=202,
    summary="Register for a webinar",
    responses=responses(400, 404, 408, 409, 413, 422, 503) | {303: {"description": "After an HTML form's post."}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                kind: {"schema": {"type": "object", "required": ["email"], "properties": {"email": {"type": "string"}}}}
                for kind in ("application/x-www-form-urlencoded", "application/json")
            },
        }
    },
)
async def register(code: Code, request: Request, services: Wired) -> Response:
    """JSON is answered 202; an HTML form's post 303, or its page again with what is wrong."""
    webinar = await _webinar(services, code)
    given, scripted = await given_in(request), is_json(request)
    if _closed(webinar):
        if scripted:
            raise Conflict("This webinar takes no registrations any more.")
        return _page(services, webinar, status=HTTPStatus.CONFLICT)
    try:
        fields = fields_of(Fields, given)
    except Invalid as error:
        if scripted:
            raise
        return _page(services, webinar, filled=given, wrong=str(error), status=error.status)
    receipt = await services.take(_incoming(webinar, fields, request, services))
    if scripted:
        return JSONResponse({"outcome": receipt.outcome}, HTTPStatus.ACCEPTED)
    return RedirectResponse(f"/webinars/{webinar.code}/registered", HTTPStatus.SEE_OTHER)


async def _webinar(services: Services, code: str) -> Webinar:
    async with services.db.transaction() as tx:
        return await by_code(tx, code)


def _closed(webinar: Webinar) -> bool:
    return webinar.state == "canceled" or webinar.ends_at <= now()


def _incoming(webinar: Webinar, fields: Fields, request: Request, services: Services) -> Incoming:
    said = fields.model_dump(include={"first_name", "company", "phone", "organization_type", "timezone"})
    rules = services.marketing.webinars
    return Incoming(
        type="webinar_registered",
        source="form:webinar",
        sender_id=fields.submission_id,
        email=fields.email,
        payload={
            **{name: value for name, value in said.items() if value},
            "webinar": webinar.code,
            "utm": fields.utm,
            **affiliate_links.told(request, services),
            "consent": agreed(
                request,
                services,
                form=f"webinar:{webinar.code}",
                wording=rules.consent_wording,
                answer=fields.consent,
            ),
        },
    )


def _page(
    services: Services,
    webinar: Webinar,
    *,
    filled: dict[str, object] | None = None,
    wrong: str = "",
    done: bool = False,
    status: int = HTTPStatus.OK,
) -> HTMLResponse:
    return page(
        "webinar.html",
        status=status,
        brand=services.marketing.brand.name,
        webinar=webinar,
        when=when(webinar.starts_at.astimezone(zone_of(webinar.zone))),
        closed=_closed(webinar),
        done=done,
        wrong=wrong,
        filled=filled or {},
        campaign=CAMPAIGN,
        types=list(services.marketing.webinars.organization_types),
        consent=services.marketing.webinars.consent_wording,
    )
