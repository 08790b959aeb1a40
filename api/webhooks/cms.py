"""A CMS that tells of what it published, signed as Standard Webhooks say. Each entry is told once, by its id."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers

from api.webhooks import standard
from api.webhooks.drafts import Draft, single
from api.webhooks.reading import JsonObject, integer, moment, parse_object, text
from domain.events import Incoming
from providers.feeds import plain
from store.base import now
from store.feeds import PUBLISHED

MAX_TITLE_CHARS, MAX_URL_CHARS = 500, 2000


class Cms:
    """`sender_id` is the entry's own id: published again or changed, it is the same entry."""

    name: Final = "cms"

    def signed_at(self, headers: Headers) -> int:
        return standard.signed_at(headers)

    def check(self, secret: str, headers: Headers, body: bytes) -> None:
        standard.check(secret, headers, body)

    def translate(self, headers: Headers, body: bytes) -> list[Incoming]:  # noqa: ARG002 - GitHub's need them
        entry = parse_object(body)
        told_at = now()
        # A date to come is a plan; what was told now is there now.
        published_at = min(moment(entry.get("published_at")) or told_at, told_at)
        return single(_published(entry), source=self.name, sender_id=_id(entry), occurred_at=published_at, raw=body)


def _published(entry: JsonObject) -> Draft:
    """The same words as an entry of a feed; `body` may be HTML, and `summary` stands in where there is none."""
    title = text(entry.get("title"))
    payload: JsonObject = {
        "name": (title or "").strip()[:MAX_TITLE_CHARS],
        "body": plain(text(entry.get("body")) or text(entry.get("summary")) or ""),
        "url": (text(entry.get("url")) or "").strip()[:MAX_URL_CHARS],
    }
    return Draft(PUBLISHED, payload, entity="cms", lacking=None if title else "It has no title.")


def _id(entry: JsonObject) -> str | None:
    number = integer(entry.get("id"))
    return str(number) if number is not None else text(entry.get("id"))
