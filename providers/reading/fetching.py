"""A page or file from the web, to be read: public addresses only, and no more than a source may have."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import httpx
from httpx_secure import SSRFProtectionError

from domain.errors import Invalid
from domain.sources import MAX_BYTES

MAX_REDIRECTS: Final = 5


async def fetch(client: httpx.AsyncClient, url: str, to: Path) -> str:
    """Write what the address gives to a file. Returns where it was in the end. Raises Invalid with what to do."""
    try:
        for _ in range(MAX_REDIRECTS + 1):
            async with client.stream("GET", url, headers={"accept": "text/html, application/epub+zip, */*"}) as answer:
                if answer.next_request is not None:
                    url = str(answer.next_request.url)
                    continue
                if answer.status_code != httpx.codes.OK:
                    message = (
                        f"The address answers {answer.status_code}. Look in a browser whether it is the right one."
                    )
                    raise Invalid(message, "url")
                await _write(answer, to)
                return url
    except SSRFProtectionError:
        raise Invalid("The address lies inside our own network, where nothing is read.", "url") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        message = f"The address cannot be reached ({type(error).__name__}). Check how it is written."
        raise Invalid(message, "url") from None
    raise Invalid("The address leads on and on. Give the one where it ends.", "url")


async def _write(answer: httpx.Response, to: Path) -> None:
    size = 0
    with to.open("wb") as file:
        async for chunk in answer.aiter_bytes():
            size += len(chunk)
            if size > MAX_BYTES:
                message = f"What stands there is larger than {MAX_BYTES // 10**6} MB. Leave out its pictures."
                raise Invalid(message, "url")
            file.write(chunk)
