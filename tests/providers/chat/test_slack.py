"""Slack is told once, in plain text that can ping nobody."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from domain.errors import ProviderError
from providers.chat.slack import HEADER_LIMIT, SECTION_LIMIT, Slack
from providers.protocols import Chat
from tests.providers.wire import Vendor

HOOK = "https://hooks.slack.example/services/T00000000/B00000000/XXXXXXXX"
PAGE = "https://perennial.example/reviews/1?a=1&b=2"


def _slack(answer: httpx.Response) -> tuple[Vendor, Chat]:
    vendor = Vendor([answer])
    return vendor, Slack(vendor.client(), HOOK)


async def test_a_notice_has_heading_text_and_link() -> None:
    vendor, chat = _slack(httpx.Response(200, text="ok"))
    await chat.notify("Draft waits", "LinkedIn post", PAGE)
    assert vendor.calls == [("POST", HOOK)]
    assert vendor.json() == {
        "text": "Draft waits",
        "unfurl_links": False,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Draft waits", "emoji": False}},
            {"type": "section", "text": {"type": "plain_text", "text": "LinkedIn post", "emoji": False}},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "<https://perennial.example/reviews/1?a=1&amp;b=2|Open>"},
            },
        ],
    }


async def test_text_of_others_pings_nobody_and_links_nowhere() -> None:
    vendor, chat = _slack(httpx.Response(200, text="ok"))
    await chat.notify("<!channel> hello", "<https://evil.example|click>", PAGE, urgent=True)
    message = vendor.json()
    assert message["text"] == "Urgent: &lt;!channel&gt; hello"
    assert [block["text"]["type"] for block in message["blocks"]] == ["plain_text", "plain_text", "mrkdwn"]
    assert "evil" not in message["blocks"][2]["text"]["text"]


async def test_long_texts_fit_and_empty_ones_are_left_out() -> None:
    vendor, chat = _slack(httpx.Response(200, text="ok"))
    await chat.notify("t" * 1_000, "x" * 10_000, PAGE)
    header, section, _ = vendor.json()["blocks"]
    assert len(header["text"]["text"]) == HEADER_LIMIT
    assert len(section["text"]["text"]) == SECTION_LIMIT
    vendor, chat = _slack(httpx.Response(200, text="ok"))
    await chat.notify("Draft waits", "", PAGE)
    assert len(vendor.json()["blocks"]) == 2


@pytest.mark.parametrize(
    ("status", "word", "code"),
    [
        (400, "invalid_payload", "rejected"),
        (404, "channel_not_found", "not_found"),
        (410, "channel_is_archived", "rejected"),
    ],
)
async def test_a_refusal_is_permanent_names_the_reason_and_not_the_webhook(status: int, word: str, code: str) -> None:
    _, chat = _slack(httpx.Response(status, text=word))
    with pytest.raises(ProviderError, match=word) as caught:
        await chat.notify("Draft waits", "", PAGE)
    assert (caught.value.code, caught.value.permanent) == (code, True)
    assert "services" not in str(caught.value)


async def test_a_limit_is_waited_out() -> None:
    _, chat = _slack(httpx.Response(429, headers={"Retry-After": "30"}, text="rate_limited"))
    with pytest.raises(ProviderError) as caught:
        await chat.notify("Draft waits", "", PAGE)
    assert (caught.value.permanent, caught.value.retry_after) == (False, timedelta(seconds=30))
