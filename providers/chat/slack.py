"""Slack incoming webhooks (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).

The webhook's URL is the secret. Slack answers `ok` as plain text, or 4xx with one word that names the reason
(`invalid_payload`, `no_service`, `channel_is_archived`, …), none of which another attempt can change.
"""

from __future__ import annotations

import httpx

from providers.http import call

HEADER_LIMIT = 150  # characters of a header block (docs.slack.dev/reference/block-kit/blocks)
SECTION_LIMIT = 3_000


class Slack:
    """A `Chat`; closes the client that it was given."""

    name = "slack"

    def __init__(self, client: httpx.AsyncClient, webhook_url: str) -> None:
        self._client = client
        self._webhook_url = webhook_url

    async def notify(self, title: str, text: str, url: str, *, urgent: bool = False) -> None:
        """A heading, the text as it is, and a link. `plain_text` blocks read no markup and no mentions."""
        heading = f"Urgent: {title}" if urgent else title
        blocks: list[dict[str, object]] = [{"type": "header", "text": _plain(heading, HEADER_LIMIT)}]
        if text.strip():
            blocks.append({"type": "section", "text": _plain(text, SECTION_LIMIT)})
        link = {"type": "mrkdwn", "text": f"<{_escaped(url)}|Open>"}
        blocks.append({"type": "section", "text": link})
        # `text` is what a notification shows; it is markup, so it is escaped.
        message = {"text": _escaped(heading), "blocks": blocks, "unfurl_links": False}
        await call(self._client, self.name, "POST", self._webhook_url, json=message)

    async def aclose(self) -> None:
        await self._client.aclose()


def _plain(text: str, limit: int) -> dict[str, object]:
    return {"type": "plain_text", "text": shortened(text, limit), "emoji": False}


def _escaped(text: str) -> str:
    """The three characters that Slack asks to be escaped; without `<`, no mention and no link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
