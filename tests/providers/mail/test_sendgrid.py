"""SendGrid is asked as its reference says; it knows no key, so a repeat is never assumed to be safe."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from domain.errors import ProviderError
from providers.mail.sendgrid import SendGridMail
from providers.protocols import Accepted, Attachment, Mail, MailProvider

MAIL = Mail(
    key="0b7c-1",
    sender="Perénnial <hello@brand.test>",
    to="ann@example.org",
    subject="Hello",
    text="Hi",
    html="<p>Hi</p>",
    lane="marketing",
    reply_to="Jo <me@brand.test>",
    headers={"List-Unsubscribe": "<https://brand.test/u/1>"},
    attachments=(Attachment("invite.ics", "text/calendar; method=REQUEST", b"BEGIN:VCALENDAR"),),
)


async def sent(mail: Mail, answer: httpx.Response) -> tuple[Accepted, httpx.Request, dict[str, Any]]:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer

    provider = SendGridMail(httpx.AsyncClient(transport=httpx.MockTransport(handler)), "SG.secret")
    assert isinstance(provider, MailProvider)
    try:
        accepted = await provider.send(mail)
    finally:
        await provider.aclose()
    return accepted, seen[0], json.loads(seen[0].content)


async def test_the_request_is_the_documented_one() -> None:
    accepted, request, body = await sent(MAIL, httpx.Response(202, headers={"X-Message-Id": "abc"}))
    assert accepted == Accepted("abc")
    assert (request.method, str(request.url)) == ("POST", "https://api.sendgrid.com/v3/mail/send")
    assert request.headers["authorization"] == "Bearer SG.secret"
    assert "idempotency-key" not in request.headers
    assert body == {
        "personalizations": [{"to": [{"email": "ann@example.org"}]}],
        "from": {"email": "hello@brand.test", "name": "Perénnial"},
        "reply_to": {"email": "me@brand.test", "name": "Jo"},
        "subject": "Hello",
        "content": [{"type": "text/plain", "value": "Hi"}, {"type": "text/html", "value": "<p>Hi</p>"}],
        "custom_args": {"perennial_key": "0b7c-1"},
        "categories": ["marketing"],
        "headers": {"List-Unsubscribe": "<https://brand.test/u/1>"},
        "tracking_settings": {"subscription_tracking": {"enable": False}},
        "attachments": [
            {
                "content": base64.b64encode(b"BEGIN:VCALENDAR").decode(),
                "type": "text/calendar",
                "filename": "invite.ics",
                "disposition": "attachment",
            }
        ],
    }


async def test_empty_parts_which_it_refuses_are_left_out() -> None:
    mail = Mail(key="k", sender="a@b.test", to="c@d.test", subject="s", text="t", html="", lane="transactional")
    _, _, body = await sent(mail, httpx.Response(202))
    assert body["content"] == [{"type": "text/plain", "value": "t"}]
    assert {"reply_to", "headers", "attachments"}.isdisjoint(body)


async def test_its_own_words_say_which_field_was_wrong() -> None:
    answer = httpx.Response(400, json={"errors": [{"message": "does not contain a valid address.", "field": "from"}]})
    with pytest.raises(ProviderError, match="does not contain a valid address"):
        await sent(MAIL, answer)


def test_it_knows_no_key() -> None:
    assert SendGridMail.key_lifetime is None
