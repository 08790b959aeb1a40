"""SendGrid: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send."""

from __future__ import annotations

import base64
from datetime import timedelta
from email.utils import parseaddr
from typing import Any

import httpx

from providers.mail.http import post
from providers.protocols import Accepted, Attachment, Mail

KEY_ARG = "perennial_key"


class SendGridMail:
    """Sends through SendGrid, which knows no idempotency key: a doubtful call stays doubtful.

    Every event of its webhook carries `perennial_key`; `sg_message_id` begins with our
    `provider_message_id` (the answer's X-Message-Id).
    """

    name = "sendgrid"
    key_lifetime: timedelta | None = None

    def __init__(self, client: httpx.AsyncClient, api_key: str, *, base_url: str = "https://api.sendgrid.com") -> None:
        self._client = client
        self._authorization = f"Bearer {api_key}"
        self._url = f"{base_url.rstrip('/')}/v3/mail/send"

    async def send(self, mail: Mail) -> Accepted:
        headers = {"Authorization": self._authorization}
        response = await post(self._client, self.name, self._url, body=request_body(mail), headers=headers)
        return Accepted(response.headers.get("x-message-id") or mail.key)

    async def aclose(self) -> None:
        await self._client.aclose()


def request_body(mail: Mail) -> dict[str, Any]:
    """The JSON of `POST /v3/mail/send`. Plain text must come before HTML, and neither may be empty."""
    contents = [("text/plain", mail.text), ("text/html", mail.html)]
    body: dict[str, Any] = {
        "personalizations": [{"to": [{"email": mail.to}]}],
        "from": _address(mail.sender),
        "subject": mail.subject,
        "content": [{"type": kind, "value": value} for kind, value in contents if value],
        "custom_args": {KEY_ARG: mail.key},
        "categories": [mail.lane],
        # The footer has our own link; a second one by the vendor would unsubscribe from its list, not ours.
        "tracking_settings": {"subscription_tracking": {"enable": False}},
    }
    if mail.reply_to:
        body["reply_to"] = _address(mail.reply_to)
    if mail.headers:
        body["headers"] = dict(mail.headers)
    if mail.attachments:
        body["attachments"] = [_attachment(attachment) for attachment in mail.attachments]
    return body


def _address(value: str) -> dict[str, str]:
    name, email = parseaddr(value)
    return {"email": email, "name": name} if name else {"email": email}


def _attachment(attachment: Attachment) -> dict[str, str]:
    # A semicolon in the type is refused by SendGrid, so that parameters such as `method` go.
    return {
        "content": base64.b64encode(attachment.content).decode(),
        "type": attachment.content_type.partition(";")[0].strip(),
        "filename": attachment.filename,
        "disposition": "attachment",
    }
