"""`/g/{slug}/quiz`: a published quiz, taken with and without a script. The score is counted here, from the answers."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from api.deps import Services, Wired
from api.forms import Fields
from api.gifts import SOURCE, Slug, capture, form_values, live
from api.magnets import book_of
from api.pages import POLICY, page
from api.posted import campaign_of, fields_of, pairs
from api.problems import responses
from domain.errors import Invalid, NotFound
from domain.events import Incoming
from domain.magnets import Quiz, result, score, segment, weakest
from providers.magnet_links import read_magnet
from store import magnets
from store.base import now
from store.facts.leads import OURS
from store.magnets import Published

SCRIPT: Final = (FilePath(__file__).parent / "static" / "quiz.js").read_bytes()
MARK: Final = f'"{sha256(SCRIPT).hexdigest()[:16]}"'
COMPLETED: Final = "quiz_completed"
router = APIRouter(tags=["lead magnets"])
# A person's own link to it, from a mail: who comes by it is known and asked for no address.
Link = Annotated[str, Query(alias="m", max_length=600)]


@router.get("/g/quiz.js", include_in_schema=False)
async def script(request: Request) -> Response:
    """Shows one question after the other; without it all of them stand on the page."""
    headers = {"etag": MARK, "cache-control": "public, max-age=3600"}
    if MARK in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(SCRIPT, media_type="text/javascript", headers=headers)


@router.get("/g/{slug}/quiz", summary="The questions", response_class=HTMLResponse, responses=responses(404))
async def show(slug: Slug, request: Request, services: Wired, link: Link = "") -> HTMLResponse:
    """Changes nothing."""
    found, quiz = await _quiz(services, slug)
    return _questions(services, found, quiz, {**campaign_of(request, SOURCE), "m": link})


@router.post(
    "/g/{slug}/quiz",
    summary="The answers",
    response_class=HTMLResponse,
    responses=responses(404, 413, 422, 503),
    openapi_extra={"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {
        "schema": {"type": "object", "properties": {"q0": {"type": "string", "examples": ["1"]}}}}}}},
)  # fmt: skip
async def take(slug: Slug, request: Request, services: Wired) -> Response:
    """The result. With an address, or by a link from a mail, `quiz_completed` is durable before it is shown."""
    found, quiz = await _quiz(services, slug)
    body = await request.body()
    given = await pairs(request)
    answers = [_chosen(given, number, len(one.options)) for number, one in enumerate(quiz.questions)]
    try:
        _check(answers)
        await _tell(services, found, quiz, answers, given, request, body)
    except Invalid as error:
        return _questions(services, found, quiz, given, wrong=str(error), status=error.status)
    return await _result(services, found, quiz, answers)


async def _quiz(services: Services, slug: str) -> tuple[Published, Quiz]:
    found = await live(services, slug)
    if not isinstance(found.gift, Quiz):
        raise NotFound("There is no such page.")
    return found, found.gift


def _chosen(given: dict[str, object], number: int, options: int) -> int | None:
    """The place of the chosen option; None for no answer and for one that there is not."""
    text = str(given.get(f"q{number}", ""))
    return next((place for place in range(options) if text == str(place)), None)


def _check(answers: list[int | None]) -> None:
    left = answers.count(None)
    if left:
        raise Invalid(f"{left} {'question has' if left == 1 else 'questions have'} no answer yet.", "answers")


async def _tell(
    services: Services,
    found: Published,
    quiz: Quiz,
    answers: list[int | None],
    given: dict[str, object],
    request: Request,
    body: bytes,
) -> None:
    """Keep the result of somebody who is known; whoever gives no address keeps it to themselves. Raises Invalid."""
    percent = score(quiz, answers)
    taken = {"quiz": found.key, "score": percent, "segment": segment(percent)}
    submission = str(given.get("submission_id") or "")[:200]
    contact = _by_link(services, found, str(given.get("m") or ""))
    if contact is not None:
        payload = {**taken, "contact_id": contact}
        sender = f"quiz:{contact}:{found.key}:{submission}"
        await services.take(Incoming(type=COMPLETED, source=OURS, sender_id=sender, payload=payload))
    elif str(given.get("email") or "").strip():
        email = fields_of(Fields, given).email
        await capture(services, found, given, request, body)
        once = f"quiz:{found.key}:{submission}" if submission else None
        source = f"form:{found.key}"[:60]
        await services.take(Incoming(type=COMPLETED, source=source, sender_id=once, email=email, payload=taken))


def _by_link(services: Services, found: Published, token: str) -> str | None:
    """Whose link it is, while it is good and leads to this quiz."""
    try:
        link = read_magnet(services.secret, token) if token else None
    except NotFound:
        return None
    good = link is not None and link.magnet == found.key and link.ends > now()
    return str(link.contact_id) if link is not None and good else None


def _questions(
    services: Services,
    found: Published,
    quiz: Quiz,
    filled: dict[str, object],
    *,
    wrong: str = "",
    status: int = HTTPStatus.OK,
) -> HTMLResponse:
    known = _by_link(services, found, str(filled.get("m") or "")) is not None
    values: dict[str, Any] = {**form_values(services, found, filled), "known": known}
    brand = services.marketing.brand.name
    answer = page("quiz.html", status=status, magnet=found, quiz=quiz, brand=brand, wrong=wrong, **values)
    answer.headers["content-security-policy"] = f"{POLICY}; script-src 'self'"
    return answer


async def _result(services: Services, found: Published, quiz: Quiz, answers: list[int | None]) -> HTMLResponse:
    percent = score(quiz, answers)
    offered = None
    if segment(percent) == "advanced" and found.product is not None:
        async with services.db.transaction() as tx:
            offered = await magnets.bundle(tx, services.marketing, found.product)
    return page(
        "quiz_result.html",
        magnet=found,
        percent=percent,
        result=result(quiz, percent),
        chapter=weakest(quiz, answers),
        bundle=offered,
        offer=book_of(found),
        brand=services.marketing.brand.name,
    )
