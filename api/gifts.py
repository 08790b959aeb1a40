"""`/g/{slug}`: the page on which a published lead magnet is offered, and asked for with an address."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import uuid4

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.covers import Cover, covers
from api.deps import Services, Wired
from api.forms import Fields, captured, gives
from api.magnets import KINDS
from api.pages import page
from api.posted import CAMPAIGN, campaign_of, fields_of, pairs
from api.problems import responses
from domain.errors import Invalid
from domain.marketing import Form
from store import magnets
from store.magnets import Published

# The form of the configuration by which magnets are asked for; without it an address is confirmed first.
FORM: Final = "magnet"
WITHOUT: Final = Form(
    double_opt_in=True,
    consent_wording="Also send me what goes with it, now and then. I can end this at any time.",
)
# Where somebody came from, in a word, beside the campaign's parameters.
SOURCE: Final = "source"
router = APIRouter(tags=["lead magnets"])
Slug = Annotated[str, Path(max_length=120, examples=["walden-quiz"])]


@router.get("/g/{slug}", summary="What is given away", response_class=HTMLResponse, responses=responses(404))
async def show(slug: Slug, request: Request, services: Wired) -> HTMLResponse:
    """Campaign parameters of the address go with the form. Changes nothing."""
    return landing(services, await live(services, slug), filled=campaign_of(request, SOURCE))


@router.post(
    "/g/{slug}",
    status_code=HTTPStatus.SEE_OTHER,
    summary="Ask for it",
    response_class=Response,
    responses=responses(404, 413, 422, 503),
    openapi_extra={"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {
        "schema": {"$ref": "#/components/schemas/Fields"}}}}},
)  # fmt: skip
async def ask(slug: Slug, request: Request, services: Wired) -> Response:
    """The page again with what is wrong, else on to the next one once `lead_captured` is durable."""
    found = await live(services, slug)
    body = await request.body()
    given = await pairs(request)
    try:
        await capture(services, found, given, request, body)
    except Invalid as error:
        return landing(services, found, filled=given, wrong=str(error), status=error.status)
    return RedirectResponse(f"/g/{slug}/thanks", HTTPStatus.SEE_OTHER)


@router.get("/g/{slug}/thanks", include_in_schema=False)
async def thanks(slug: Slug, services: Wired) -> HTMLResponse:
    """Where the form leads."""
    found = await live(services, slug)
    brand = services.marketing.brand.name
    return page("gift_thanks.html", magnet=found, covers=covers_of(services, found), brand=brand)


async def live(services: Services, slug: str) -> Published:
    """What is given away there. Raises NotFound."""
    async with services.db.transaction() as tx:
        return await magnets.live(tx, services.marketing, slug)


async def capture(
    services: Services, found: Published, given: dict[str, object], request: Request, body: bytes
) -> None:
    """Make a lead of what a form said. Raises Invalid."""
    form = form_of(services, found)
    place = f"{services.settings.public_url}/g/{found.key}"
    fields = fields_of(Fields, {"landing_page": place, **given})
    await services.take(captured(found.key, form, fields, request, services, body, gives(found.key, found.kind)))


def form_of(services: Services, found: Published) -> Form:
    """Consent as the configuration asks for it, with a tag of its own."""
    form = services.marketing.forms.get(FORM, WITHOUT)
    return form.model_copy(update={"event": "lead_captured", "tags": [*form.tags, f"magnet:{found.key}"[:100]]})


def landing(
    services: Services, found: Published, *, filled: dict[str, object], wrong: str = "", status: int = HTTPStatus.OK
) -> HTMLResponse:
    """The page with the form."""
    book = found.product
    return page(
        "gift.html",
        status=status,
        magnet=found,
        words=found.gift.landing,
        kind=KINDS[found.kind],
        brand=services.marketing.brand.name,
        covers=covers_of(services, found),
        book=book.name if book else "",
        quotes=book.quotes if book else [],
        **form_values(services, found, filled),
        wrong=wrong,
    )


def covers_of(services: Services, found: Published) -> list[Cover]:
    """The book's cover, where it has one."""
    return covers(services, [found.product.key] if found.product else [])


def form_values(services: Services, found: Published, filled: dict[str, object]) -> dict[str, Any]:
    """What the form's fields hold and say."""
    return {
        "filled": filled,
        "consent": form_of(services, found).consent_wording,
        "campaign": (*CAMPAIGN, SOURCE),
        "submission_id": filled.get("submission_id") or uuid4().hex,
    }
