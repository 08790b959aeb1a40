"""The tag for sites: `GET /t.js`, and `POST /v1/t`, where it tells of anonymous visitors. Open to `sites` alone."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Request
from limits import RateLimitItemPerMinute
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from api.deps import Services, Wired
from api.problems import responses
from api.security import Forbidden, address
from api.webhooks import reading
from domain.errors import Invalid, NotFound
from domain.events import Incoming
from store.facts import FACTS

SCRIPT: Final = (Path(__file__).parent / "static" / "t.js").read_bytes()
MARK: Final = f'"{sha256(SCRIPT).hexdigest()[:16]}"'
# A new version reaches a browser within a day; asking whether there is one costs no more than a header.
KEPT: Final = "public, max-age=86400, stale-while-revalidate=604800"
VISITS: Final = RateLimitItemPerMinute(120, namespace="visits")
SOURCE: Final = "site"

router = APIRouter(tags=["tag"])
Word = Annotated[str, Field(max_length=200)]
Parameter = Literal["source", "medium", "campaign", "term", "content"]
Address = Annotated[str, Field(max_length=2000)]


EXAMPLE = {
    "id": "5b0e3c9a7d2f4e61",
    "type": "page_visited",
    "anonymous_id": "0f9d8c7b6a5e4d3c",
    "page": "https://fieldnotes.example/pricing",
    "utm": {"source": "newsletter", "campaign": "spring"},
}


class Told(BaseModel):
    """One thing that an anonymous visitor did. There is no field for an address or a user id: a browser proves none."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{16,64}$", description="Makes a repeat recognisable.")
    type: str = Field(pattern=r"^[a-z][a-z0-9_.]*$", max_length=100, examples=["page_visited"])
    anonymous_id: str = Field(pattern=r"^[A-Za-z0-9_-]{16,64}$")
    page: Address = ""
    referrer: Address = ""
    utm: dict[Parameter, Word] = Field(default_factory=dict)
    properties: dict[str, Any] = Field(default_factory=dict)


@router.get("/t.js", summary="The script for a site's pages", response_class=Response, responses=responses(404))
async def script(services: Wired, if_none_match: Annotated[str, Header()] = "") -> Response:
    """What a page loads with `defer`; 404 until `sites` of `marketing.yaml` names an origin."""
    _open(services)
    headers = {"cache-control": KEPT, "etag": MARK, "cross-origin-resource-policy": "cross-origin"}
    if MARK in if_none_match:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(SCRIPT, headers=headers, media_type="text/javascript")


@router.post(
    "/v1/t",
    status_code=202,
    summary="What the tag tells",
    response_class=Response,
    responses=responses(400, 403, 404, 408, 413, 422, 429, 503),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/plain": {
                    "schema": {"$ref": "#/components/schemas/Told"},
                    "examples": {"visit": {"value": EXAMPLE}},
                }
            },
        }
    },
)
async def told(request: Request, services: Wired, origin: Annotated[str, Header()] = "") -> Response:
    """No key: anybody can make this up. So it is stored as client-side, changes no facts but where a visitor came from,
    and starts nothing but what says `browser: true`.
    """
    _open(services)
    if origin not in services.marketing.sites:
        raise Forbidden("This origin is not among `sites`.")
    services.attempts.spend(VISITS, address(request.scope))
    body = await request.body()
    await services.take(_incoming(_read(reading.parse_object(body)), body))
    return Response(status_code=HTTPStatus.ACCEPTED, headers={"access-control-allow-origin": origin, "vary": "Origin"})


def _open(services: Services) -> None:
    if not services.marketing.sites:
        raise NotFound("No site is configured, so the tag has no endpoint.")


def _read(value: dict[str, object]) -> Told:
    """Raises Invalid with the field, also for what only a trusted sender can say."""
    try:
        found = Told.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(f"{first['msg']}.", ".".join(str(part) for part in first["loc"])) from None
    if found.type in FACTS:
        raise Invalid("A browser cannot say this; send it to /v1/events from a server.", "type")
    return found


def _incoming(found: Told, body: bytes) -> Incoming:
    landed = found.page if found.utm.get("source") else ""
    # A browser's own words stand under a name of their own: nothing that looks for a word of a person's finds them.
    where = {
        "page": found.page, "referrer": found.referrer, "landing_page": landed, "utm": found.utm,
        "properties": found.properties,
    }  # fmt: skip
    return Incoming(
        type=found.type,
        source=SOURCE,
        sender_id=f"{found.anonymous_id}:{found.id}",
        anonymous_id=found.anonymous_id,
        payload={name: value for name, value in where.items() if value},
        client_side=True,
        raw=body,
    )
