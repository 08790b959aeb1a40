"""`/m/{token}`: where a lead magnet is fetched. Looking changes nothing; the button gives the file and is counted."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import FileResponse, HTMLResponse, Response

from api.deps import Services, Wired
from api.pages import page
from api.problems import responses
from domain.catalogue import Magnet
from domain.errors import NotFound
from domain.events import Incoming
from providers.magnet_links import MagnetLink, read_magnet
from store.base import now
from store.facts.leads import OURS

KINDS = {
    "checklist": "checklist",
    "free_chapter": "chapter",
    "mini_guide": "guide",
    "quiz": "quiz",
    "worksheet": "worksheet",
}
GONE = "What this link led to is not there any more. Reply to the mail that it stood in, and a person will help."
Token = Annotated[str, Path(description="As it stands in the mail.")]

router = APIRouter(tags=["lead magnets"])


@router.get("/m/{token}", summary="The page with the button", response_class=HTMLResponse, responses=responses(404))
async def show(token: Token, services: Wired) -> HTMLResponse:
    """Changes nothing and counts nothing: mail scanners follow every link."""
    link, magnet = _asked_for(services, token)
    return _page(services, magnet, ended=link.ends <= now())


@router.post(
    "/m/{token}",
    summary="Get it",
    response_class=FileResponse,
    responses=responses(404, 503) | {410: {"description": "The link has ended."}},
)
async def fetch(token: Token, services: Wired) -> Response:
    """The file, once `lead_magnet_downloaded` is durable. It counts once a person, however often it is fetched."""
    link, magnet = _asked_for(services, token)
    if link.ends <= now():
        return _page(services, magnet, ended=True)
    file = _file(services, magnet) if magnet.file else None
    event = Incoming(
        type="lead_magnet_downloaded",
        source=OURS,
        sender_id=f"magnet:{link.contact_id}:{magnet.key}",
        payload={"contact_id": str(link.contact_id), "magnet": magnet.key, "kind": magnet.kind},
    )
    await services.take(event)
    if file is None:
        # A page and no redirect: browsers hold a form that may only post to ourselves to that along its redirects too.
        return _page(services, magnet, ended=False, url=magnet.url)
    return FileResponse(file, filename=f"{magnet.key}{file.suffix}", headers={"cache-control": "no-store"})


def _asked_for(services: Services, token: str) -> tuple[MagnetLink, Magnet]:
    link = read_magnet(services.secret, token)
    magnet = services.marketing.magnet(link.magnet)
    if magnet is None:
        raise NotFound(GONE)
    return link, magnet


def _page(services: Services, magnet: Magnet, *, ended: bool, url: str | None = None) -> HTMLResponse:
    given = {"brand": services.marketing.brand.name, "title": magnet.title, "kind": KINDS[magnet.kind], "ended": ended}
    return page("magnet.html", status=HTTPStatus.GONE if ended else HTTPStatus.OK, url=url, **given)


def _file(services: Services, magnet: Magnet) -> FilePath:
    """The file, which must lie inside the configuration folder. Raises NotFound."""
    folder = services.settings.config_dir.resolve()
    file = (folder / (magnet.file or "")).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise NotFound(GONE)
    return file
