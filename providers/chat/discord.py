r"""Discord webhooks (discord.com/developers/docs/resources/webhook, "Execute Webhook").

The webhook's URL is the secret. `wait=true` makes Discord answer only when the message is there; without it an
error after the answer is lost. A 429 carries `Retry-After` in seconds.
"""

from __future__ import annotations

import re

import httpx

from providers.chat.slack import shortened
from providers.http import call

TITLE_LIMIT = 256  # characters (discord.com/developers/docs/resources/message, "Embed Limits")
TEXT_LIMIT = 4_096
URGENT_RED = 0xD92D20
CALM_BLUE = 0x2E6FDB
_MARKUP = re.compile(r"([\\*_~`|<>\[\]()#@:-])")


class Discord:
    """A `Chat`; closes the client that it was given."""

    name = "discord"

    def __init__(self, client: httpx.AsyncClient, webhook_url: str) -> None:
        self._client = client
        self._webhook_url = webhook_url

    async def notify(self, title: str, text: str, url: str, *, urgent: bool = False) -> None:
        """One embed whose title is the link. Nobody is pinged, whatever the text holds."""
        heading = f"Urgent: {title}" if urgent else title
        embed = {
            "title": _escaped(heading, TITLE_LIMIT),
            "description": _escaped(text, TEXT_LIMIT),
            "url": url,
            "color": URGENT_RED if urgent else CALM_BLUE,
        }
        message = {"embeds": [embed], "allowed_mentions": {"parse": []}}
        # Merged, since a webhook's URL may name its thread: httpx drops a query that `params` replaces.
        address = httpx.URL(self._webhook_url).copy_merge_params({"wait": "true"})
        await call(self._client, self.name, "POST", str(address), json=message)

    async def aclose(self) -> None:
        await self._client.aclose()


def _escaped(text: str, limit: int) -> str:
    """The text as it is, with Discord's Markdown switched off, within the limit after escaping."""
    escaped = _MARKUP.sub(r"\\\1", text)
    if len(escaped) <= limit:
        return escaped
    # Escaping at most doubles; half the limit always fits.
    return _MARKUP.sub(r"\\\1", shortened(text, limit // 2))
