"""Reading an RSS or Atom feed, from public addresses only: https://feedparser.readthedocs.io.

`ETag` and `Last-Modified` are sent back, so that a feed that has not changed costs one empty answer.
"""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, datetime
from io import BytesIO

import feedparser  # type: ignore[import-untyped]  # it ships no types
import httpx
from httpx_secure import SSRFProtectionError
from inscriptis import get_text  # type: ignore[import-untyped]  # it ships no types

from domain.errors import ProviderError
from domain.feeds import Entry, Fetched

MAX_BYTES, MAX_ENTRIES, MAX_TEXT = 5_000_000, 100, 50_000
_NOT_MODIFIED, _REFUSED = 304, 400
_TAG = re.compile(r"</?[a-z][a-z0-9]*(\s[^<>]*)?/?>", re.IGNORECASE)


class FeedReader:
    """One request a call; redirects are not followed."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def fetch(self, url: str, etag: str = "", modified: str = "") -> Fetched:
        """Read it. Raises ProviderError with a code where that cannot be."""
        wanted = {"if-none-match": etag, "if-modified-since": modified, "accept": "application/atom+xml, text/xml, */*"}
        headers = {name: value for name, value in wanted.items() if value}
        try:
            async with self._client.stream("GET", url, headers=headers) as answer:
                if answer.status_code == _NOT_MODIFIED:
                    return Fetched(None, etag, modified)
                if answer.status_code != httpx.codes.OK:
                    raise ProviderError(f"http_{answer.status_code}", "the feed was not given out")
                content = await _limited(answer)
                names = ("etag", "last-modified")
                return Fetched(parsed(content), *(answer.headers.get(name, "")[:500] for name in names))
        except SSRFProtectionError:
            message = "the feed's address lies inside our own network"
            raise ProviderError("forbidden_address", message, permanent=True) from None
        except httpx.HTTPError as error:
            raise ProviderError("unreachable", f"the feed could not be read: {type(error).__name__}") from None

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()


async def _limited(answer: httpx.Response) -> bytes:
    content = b""
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) > MAX_BYTES:
            raise ProviderError("too_large", "the feed is larger than 5 MB")
    return content


def parsed(content: bytes) -> list[Entry]:
    """The entries of a feed, the newest 100. Raises ProviderError where it is none."""
    # As a stream: feedparser would take bytes for the name of a file or an address, and open it.
    found = feedparser.parse(BytesIO(content))
    if found.bozo and not found.entries:
        raise ProviderError("no_feed", "this is neither RSS nor Atom")
    return [entry for one in found.entries[:MAX_ENTRIES] if (entry := _entry(one)) is not None]


def _entry(one: feedparser.FeedParserDict) -> Entry | None:
    url = _clean(one.get("link"), 2000)
    name = _clean(one.get("id"), 2000) or url
    if not name:
        return None
    contents = one.get("content") or []
    html = str(contents[0].get("value", "")) if contents else str(one.get("summary", ""))
    moment = one.get("published_parsed") or one.get("updated_parsed")
    try:
        published_at = datetime.fromtimestamp(timegm(moment), UTC) if moment else None
    except (ValueError, OverflowError):
        published_at = None
    return Entry(name, _clean(one.get("title"), 500), url, _text(html), published_at)


def _clean(value: object, most: int) -> str:
    return str(value or "").replace("\x00", "").strip()[:most]


def plain(words: str) -> str:
    """Words that may be HTML, as text; what holds no tag stays as it is written."""
    return _text(words) if _TAG.search(words) else words.replace("\x00", "").strip()[:MAX_TEXT]


def _text(html: str) -> str:
    html = html.replace("\x00", "")[: MAX_TEXT * 4]
    return get_text(f"<div>{html}</div>").strip()[:MAX_TEXT] if html.strip() else ""
