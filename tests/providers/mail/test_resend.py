"""Resend is asked as its reference says, with our key in every place where it can come back."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import httpx
import pytest

from domain.errors import ProviderError
from providers.mail.resend import ResendMail, tag_value
from providers.protocols import Accepted, Attachment, Mail, MailProvider

MAIL = Mail(
    key="journey/7:step-2",
    sender="Perennial <hello@brand.test>",
    to="ann@example.org",
    subject="Hello",
    text="Hi",
    html="<p>Hi</p>",
    lane="marketing",
    reply_to="me@brand.test",
    headers={"List-Unsubscribe": "<https://brand.test/u/1>"},
    attachments=(Attachment("invite.ics", "text/calendar; method=REQUEST", b"BEGIN:VCALENDAR"),),
)


async def sent(mail: Mail, answer: httpx.Response) -> tuple[Accepted, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer

    provider = ResendMail(httpx.AsyncClient(transport=httpx.MockTransport(handler)), "re_secret")
    assert isinstance(provider, MailProvider)
    try:
        return await provider.send(mail), seen
    finally:
        await provider.aclose()


async def test_the_request_is_the_documented_one() -> None:
    accepted, [request] = await sent(MAIL, httpx.Response(200, json={"id": "49a3999c"}))
    assert accepted == Accepted("49a3999c")
    assert (request.method, str(request.url)) == ("POST", "https://api.resend.com/emails")
    assert request.headers["authorization"] == "Bearer re_secret"
    assert request.headers["idempotency-key"] == "journey/7:step-2"
    assert json.loads(request.content) == {
        "from": "Perennial <hello@brand.test>",
        "to": ["ann@example.org"],
        "subject": "Hello",
        "html": "<p>Hi</p>",
        "text": "Hi",
        "reply_to": "me@brand.test",
        "headers": {"List-Unsubscribe": "<https://brand.test/u/1>", "X-Perennial-Key": "journey/7:step-2"},
        "tags": [{"name": "perennial_key", "value": "journey-7-step-2"}, {"name": "lane", "value": "marketing"}],
        "attachments": [
            {
                "filename": "invite.ics",
                "content": base64.b64encode(b"BEGIN:VCALENDAR").decode(),
                "content_type": "text/calendar; method=REQUEST",
            }
        ],
    }


async def test_a_repeated_mail_is_the_same_bytes_under_the_same_key() -> None:
    _, [first] = await sent(MAIL, httpx.Response(200, json={"id": "1"}))
    _, [second] = await sent(MAIL, httpx.Response(200, json={"id": "1"}))
    assert first.content == second.content


async def test_what_is_not_given_is_not_sent() -> None:
    mail = Mail(key="k", sender="a@b.test", to="c@d.test", subject="s", text="t", html="h", lane="transactional")
    _, [request] = await sent(mail, httpx.Response(200, json={"id": "1"}))
    assert {"reply_to", "attachments"}.isdisjoint(json.loads(request.content))


async def test_an_accepted_mail_stays_accepted_whatever_the_answer_looks_like() -> None:
    accepted, _ = await sent(MAIL, httpx.Response(200, text="ok"))
    assert accepted == Accepted(MAIL.key)


async def test_a_first_request_still_at_work_is_asked_about_again() -> None:
    answer = httpx.Response(409, json={"name": "concurrent_idempotent_requests", "message": "in progress"})
    with pytest.raises(ProviderError) as caught:
        await sent(MAIL, answer)
    assert (caught.value.code, caught.value.permanent) == ("in_progress", False)
    assert caught.value.retry_after == timedelta(seconds=5)


async def test_a_key_that_was_used_for_another_body_is_final() -> None:
    answer = httpx.Response(409, json={"name": "invalid_idempotent_request", "message": "other payload"})
    with pytest.raises(ProviderError) as caught:
        await sent(MAIL, answer)
    assert caught.value.permanent


def test_it_knows_a_key_for_a_day() -> None:
    assert ResendMail.key_lifetime == timedelta(hours=24)


def test_a_tag_holds_only_what_resend_allows() -> None:
    assert tag_value("a/b:c d_e-f") == "a-b-c-d_e-f"
    assert len(tag_value("x" * 300)) == 256
