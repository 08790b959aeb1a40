"""Resend: https://resend.com/docs/api-reference/emails/send-email."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import Any

import httpx

from domain.errors import ProviderError
from providers.mail.http import post
from providers.protocols import Accepted, Mail

NOT_IN_A_TAG = re.compile(r"[^A-Za-z0-9_-]")
KEY_TAG = "perennial_key"
KEY_HEADER = "X-Perennial-Key"


class ResendMail:
    """Sends through Resend, which answers a repeated `Idempotency-Key` with its first answer for 24 hours.

    Its events carry `tags.perennial_key` (the key with other characters than letters, digits, `_` and `-`
    replaced, which is all that a tag may hold) and the `email_id` that is our `provider_message_id`.
    """

    name = "resend"
    key_lifetime: timedelta | None = timedelta(hours=24)

    def __init__(self, client: httpx.AsyncClient, api_key: str, *, base_url: str = "https://api.resend.com") -> None:
        self._client = client
        self._authorization = f"Bearer {api_key}"
        self._url = f"{base_url.rstrip('/')}/emails"

    async def send(self, mail: Mail) -> Accepted:
        headers = {"Authorization": self._authorization, "Idempotency-Key": mail.key}
        try:
            response = await post(self._client, self.name, self._url, body=request_body(mail), headers=headers)
        except ProviderError as error:
            raise _as_conflict(error) from error
        return Accepted(_id_of(response) or mail.key)

    async def aclose(self) -> None:
        await self._client.aclose()


def request_body(mail: Mail) -> dict[str, Any]:
    """The JSON of `POST /emails`; the same bytes for the same mail, or the key would be refused."""
    body: dict[str, Any] = {
        "from": mail.sender,
        "to": [mail.to],
        "subject": mail.subject,
        "html": mail.html,
        "text": mail.text,
        "headers": {**mail.headers, KEY_HEADER: mail.key},
        "tags": [
            {"name": KEY_TAG, "value": tag_value(mail.key)},
            {"name": "lane", "value": tag_value(mail.lane)},
        ],
    }
    if mail.reply_to:
        body["reply_to"] = mail.reply_to
    if mail.attachments:
        body["attachments"] = [
            {
                "filename": attachment.filename,
                "content": base64.b64encode(attachment.content).decode(),
                "content_type": attachment.content_type,
            }
            for attachment in mail.attachments
        ]
    return body


def tag_value(key: str) -> str:
    """A key as a tag may hold it: at most 256 letters, digits, underscores and dashes."""
    return NOT_IN_A_TAG.sub("-", key)[:256]


def _as_conflict(error: ProviderError) -> ProviderError:
    """409 has two meanings that differ (https://resend.com/docs/api-reference/errors).

    `concurrent_idempotent_requests`: the first request with this key is still at work; asking again later
    gives its answer. `invalid_idempotent_request`: the key was used for another body, and never will work.
    """
    if "concurrent_idempotent_requests" in str(error):
        return ProviderError("in_progress", str(error), retry_after=timedelta(seconds=5))
    return error


def _id_of(response: httpx.Response) -> str:
    try:
        said = response.json()
    except ValueError:
        return ""
    return str(said.get("id") or "") if isinstance(said, dict) else ""
