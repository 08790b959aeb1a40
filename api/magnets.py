"""`/m/{token}`: where a lead magnet is fetched. Looking changes nothing; the button gives the file and is counted."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path
from starlette.responses import FileResponse, HTMLResponse, Response

from api.covers import covers
from api.deps import Services, Wired
from api.pages import page
from api.problems import responses
from domain.catalogue import Magnet
from domain.errors import NotFound
from domain.events import Incoming
from domain.money import spoken
from providers.booklets import page as html_page
from providers.booklets import pdf
from providers.magnet_links import MagnetLink, read_magnet
from store import magnets
from store.base import now
from store.facts.leads import OURS
from store.magnets import Published

KINDS = {
    "checklist": "checklist",
    "free_chapter": "chapter",
    "mini_guide": "guide",
    "quiz": "quiz",
    "worksheet": "worksheet",
    "video_transcript": "script",
}
GONE = "What this link led to is not there any more. Reply to the mail that it stood in, and a person will help."
Token = Annotated[str, Path(description="As it stands in the mail.")]
Wanted = Annotated[Literal["pdf", "html"], Form(alias="format", description="Of what is published here.")]

router = APIRouter(tags=["lead magnets"])


@router.get("/m/{token}", summary="The page with the button", response_class=HTMLResponse, responses=responses(404))
async def show(token: Token, services: Wired) -> HTMLResponse:
    """Changes nothing and counts nothing: mail scanners follow every link."""
    link, magnet = await asked_for(services, token)
    return await _page(services, magnet, token, ended=link.ends <= now())


@router.post(
    "/m/{token}",
    summary="Get it",
    response_class=FileResponse,
    responses=responses(404, 503) | {410: {"description": "The link has ended."}},
)
async def fetch(token: Token, services: Wired, wanted: Wanted = "pdf") -> Response:
    """The file, once `lead_magnet_downloaded` is durable. It counts once a person, however often it is fetched."""
    link, magnet = await asked_for(services, token)
    if link.ends <= now():
        return await _page(services, magnet, token, ended=True)
    file = _file(services, magnet) if isinstance(magnet, Magnet) and magnet.file else None
    event = Incoming(
        type="lead_magnet_downloaded",
        source=OURS,
        sender_id=f"magnet:{link.contact_id}:{magnet.key}",
        payload={"contact_id": str(link.contact_id), "magnet": magnet.key, "kind": magnet.kind},
    )
    await services.take(event)
    if isinstance(magnet, Published):
        return await _download(services, magnet, wanted)
    if file is None:
        # A page and no redirect: browsers hold a form that may only post to ourselves to that along its redirects too.
        return await _page(services, magnet, token, ended=False, url=magnet.url)
    return FileResponse(file, filename=f"{magnet.key}{file.suffix}", headers={"cache-control": "no-store"})


async def asked_for(services: Services, token: str) -> tuple[MagnetLink, Magnet | Published]:
    """What a link is for. Raises NotFound for what is not given away any more, and for a token that is not ours."""
    link = read_magnet(services.secret, token)
    async with services.db.transaction() as tx:
        magnet = await magnets.find(tx, services.marketing, link.magnet)
    if magnet is None:
        raise NotFound(GONE)
    return link, magnet


async def _page(
    services: Services, magnet: Magnet | Published, token: str, *, ended: bool, url: str | None = None
) -> HTMLResponse:
    given: dict[str, Any] = {"brand": services.marketing.brand.name, "title": magnet.title, "kind": KINDS[magnet.kind]}
    status = HTTPStatus.GONE if ended else HTTPStatus.OK
    if isinstance(magnet, Magnet) or ended:
        return page("magnet.html", status=status, url=url, ended=ended, **given)
    # Rendering it takes a second at the most, and tells how many pages there are.
    pages = await asyncio.to_thread(pdf.pages, magnet.booklet(services.marketing))
    book = magnet.product
    shown = covers(services, [book.key] if book else [])
    return page(
        "delivery_of_magnet.html", token=token, magnet=magnet, pages=pages, book=book_of(magnet), covers=shown, **given
    )


def book_of(magnet: Published) -> dict[str, str]:
    """The book behind a magnet with its address, and the price for new readers where there is one; else nothing."""
    book = magnet.product
    if book is None or not (book.intro_url or book.url):
        return {}
    # The words name the address, which stands on the button.
    said = magnet.gift.delivery.offer.partition("http")[0].rstrip(" :")
    found = {"name": book.name, "said": said, "url": book.intro_url or book.url or "", "offer": "", "instead_of": ""}
    if book.intro_price is not None:
        found |= {"offer": spoken(book.intro_price, book.currency), "instead_of": spoken(book.price, book.currency)}
    return found


async def _download(services: Services, magnet: Published, wanted: Literal["pdf", "html"]) -> Response:
    booklet = magnet.booklet(services.marketing)
    content = await asyncio.to_thread(pdf.pdf if wanted == "pdf" else html_page.html, booklet)
    headers = {
        "content-disposition": f'attachment; filename="{magnet.key}.{wanted}"',
        "cache-control": "no-store",
    }
    return Response(content, media_type="application/pdf" if wanted == "pdf" else "text/html", headers=headers)


def _file(services: Services, magnet: Magnet) -> FilePath:
    """The file, which must lie inside the configuration folder. Raises NotFound."""
    folder = services.settings.config_dir.resolve()
    file = (folder / (magnet.file or "")).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise NotFound(GONE)
    return file
