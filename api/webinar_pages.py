"""`/webinars/{code}`: the page on which people register for a webinar."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from api import affiliate_links
from api.deps import Services, Wired
from api.forms import NO, ip_hash, pairs
from api.pages import page
from api.problems import responses
from api.security import address
from api.webhooks import reading
from domain.errors import Conflict, Invalid
from domain.events import Incoming
from domain.identity import normal_email
from providers.rendering.filters import when
from store.base import now
from store.webinars import Webinar, by_code
from store.zones import zone_of

CAMPAIGN = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
router = APIRouter(tags=["webinars"])
Code = Annotated[str, Path(max_length=20, examples=["WB003"])]


class Fields(BaseModel):
    """What the form holds; all but the address may be absent."""

    model_config = ConfigDict(extra="ignore")

    email: str = Field(max_length=320)
    first_name: str = Field("", max_length=200)
    company: str = Field("", max_length=200)
    phone: str = Field("", max_length=50)
    organization_type: str = Field("", max_length=200)
    timezone: str = Field("", max_length=64)
    submission_id: str | None = Field(None, max_length=200)
    consent: str = Field("", max_length=20)
    utm_source: str = Field("", max_length=200)
    utm_medium: str = Field("", max_length=200)
    utm_campaign: str = Field("", max_length=200)
    utm_term: str = Field("", max_length=200)
    utm_content: str = Field("", max_length=200)


@router.get("/webinars/{code}", summary="A webinar's registration form", response_class=HTMLResponse)
async def show(code: Code, request: Request, services: Wired) -> HTMLResponse:
    """Campaign parameters of the address go with the registration."""
    utm = {name: request.query_params[name][:200] for name in CAMPAIGN if name in request.query_params}
    return _page(services, await _webinar(services, code), filled=utm)


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
    is_json = request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
    given = reading.parse_object(await request.body()) if is_json else dict(await pairs(request))
    if _closed(webinar):
        if is_json:
            raise Conflict("This webinar takes no registrations any more.")
        return _page(services, webinar, status=HTTPStatus.CONFLICT)
    try:
        fields = _fields(given)
    except Invalid as error:
        if is_json:
            raise
        return _page(services, webinar, filled=given, wrong=str(error), status=error.status)
    receipt = await services.take(_incoming(webinar, fields, request, services))
    if is_json:
        return JSONResponse({"outcome": receipt.outcome}, HTTPStatus.ACCEPTED)
    return RedirectResponse(f"/webinars/{webinar.code}/registered", HTTPStatus.SEE_OTHER)


async def _webinar(services: Services, code: str) -> Webinar:
    async with services.db.transaction() as tx:
        return await by_code(tx, code)


def _closed(webinar: Webinar) -> bool:
    return webinar.state == "canceled" or webinar.ends_at <= now()


def _fields(given: dict[str, Any]) -> Fields:
    stripped = {key: value.strip() if isinstance(value, str) else value for key, value in given.items()}
    try:
        fields = Fields.model_validate({key: value for key, value in stripped.items() if value})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        missing = "Your email address is needed." if field == "email" else f"{first['msg']}."
        raise Invalid(missing, field) from None
    return fields.model_copy(update={"email": normal_email(fields.email)})


def _incoming(webinar: Webinar, fields: Fields, request: Request, services: Services) -> Incoming:
    said = fields.model_dump(include={"first_name", "company", "phone", "organization_type", "timezone"})
    utm = {name.removeprefix("utm_"): value for name in CAMPAIGN if (value := getattr(fields, name))}
    rules = services.marketing.webinars
    place = f"webinar:{webinar.code}"
    return Incoming(
        type="webinar_registered",
        source="form:webinar",
        sender_id=fields.submission_id,
        email=fields.email,
        payload={
            **{name: value for name, value in said.items() if value},
            "webinar": webinar.code,
            "utm": utm,
            **affiliate_links.told(request, services),
            "consent": {
                "granted": bool(rules.consent_wording) and fields.consent.lower() not in NO,
                "form": place,
                "place": place,
                "wording": rules.consent_wording,
                "ip_hash": ip_hash(services.secret, address(request.scope)),
            },
        },
    )


def _page(
    services: Services,
    webinar: Webinar,
    *,
    filled: dict[str, Any] | None = None,
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
