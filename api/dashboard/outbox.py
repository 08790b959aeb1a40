"""`/outbox`: mails as the embedded outbox accepted them, shown as the person would see them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from api.dashboard.desk import PageRoute, Reading
from store.queries.dash_outbox import list_mails, mail

router = APIRouter(include_in_schema=False, route_class=PageRoute)
MAILS = 40
MAX_WORDS = 320

# A mail is a document of its own: `srcdoc` would inherit our policy, which has no styles within. This one has
# them, pictures, and nothing else; the sandbox takes even the origin away, also where it is opened by itself.
MAIL_HEADERS = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'",
    "x-frame-options": "SAMEORIGIN",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}


@router.get("/outbox")
async def outbox(desk: Reading, q: str = "", cursor: str | None = None) -> Response:
    """The newest first; of one recipient where asked."""
    words = q.strip()[:MAX_WORDS]
    async with desk.services.db.transaction() as tx:
        found = await list_mails(tx, words, cursor=cursor, limit=MAILS)
    return desk.page("outbox.html", found=found, q=words)


@router.get("/outbox/{key}")
async def one_mail(desk: Reading, key: str) -> Response:
    """On a phone and on a desktop, as text, with headers and attachments."""
    async with desk.services.db.transaction() as tx:
        found = await mail(tx, key)
    return desk.page("mail.html", mail=found, frame_url=f"/outbox/{found.key}/body")


@router.get("/outbox/{key}/body")
async def body(desk: Reading, key: str) -> Response:
    """The HTML part by itself, for the frames of its page."""
    async with desk.services.db.transaction() as tx:
        found = await mail(tx, key)
    return mail_document(found.html)


def mail_document(html: str) -> HTMLResponse:
    """A mail's own HTML as a document that can do nothing."""
    return HTMLResponse(html, headers=MAIL_HEADERS)
