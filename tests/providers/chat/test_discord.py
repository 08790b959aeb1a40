"""Discord is told once, in text whose markup is off and that can ping nobody."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from domain.errors import ProviderError
from providers.chat.discord import TEXT_LIMIT, TITLE_LIMIT, Discord
from providers.protocols import Chat
from tests.providers.wire import Vendor

HOOK = "https://discord.example/api/webhooks/1/token"
PAGE = "https://perennial.example/reviews/1"


def _discord(answer: httpx.Response, hook: str = HOOK) -> tuple[Vendor, Chat]:
    vendor = Vendor([answer])
    return vendor, Discord(vendor.client(), hook)


async def test_a_notice_is_one_embed_that_waits_for_its_acceptance() -> None:
    vendor, chat = _discord(httpx.Response(200, json={"id": "9"}))
    await chat.notify("Draft waits", "LinkedIn post", PAGE)
    assert vendor.calls == [("POST", f"{HOOK}?wait=true")]
    assert vendor.json() == {
        "embeds": [{"title": "Draft waits", "description": "LinkedIn post", "url": PAGE, "color": 0x2E6FDB}],
        "allowed_mentions": {"parse": []},
    }


async def test_the_thread_of_a_webhook_is_kept() -> None:
    vendor, chat = _discord(httpx.Response(204), f"{HOOK}?thread_id=5")
    await chat.notify("Draft waits", "", PAGE)
    assert vendor.calls == [("POST", f"{HOOK}?thread_id=5&wait=true")]


async def test_text_of_others_is_shown_as_it_is() -> None:
    vendor, chat = _discord(httpx.Response(200, json={}))
    await chat.notify("Draft", "@everyone [click](https://evil.example) **b**", PAGE, urgent=True)
    message = vendor.json()
    assert message["embeds"][0]["title"] == "Urgent\\: Draft"
    assert message["embeds"][0]["description"] == r"\@everyone \[click\]\(https\://evil.example\) \*\*b\*\*"
    assert message["allowed_mentions"] == {"parse": []}


async def test_long_texts_fit_after_escaping() -> None:
    vendor, chat = _discord(httpx.Response(200, json={}))
    await chat.notify("*" * 1_000, "*x" * 10_000, PAGE)
    embed = vendor.json()["embeds"][0]
    assert len(embed["title"]) <= TITLE_LIMIT
    assert len(embed["description"]) <= TEXT_LIMIT
    assert embed["description"].endswith("…")


async def test_a_limit_is_waited_out_to_the_fraction() -> None:
    limited = httpx.Response(429, headers={"Retry-After": "0.65"}, json={"message": "You are being rate limited."})
    _, chat = _discord(limited)
    with pytest.raises(ProviderError) as caught:
        await chat.notify("Draft waits", "", PAGE)
    assert (caught.value.permanent, caught.value.retry_after) == (False, timedelta(seconds=0.65))


async def test_a_deleted_webhook_is_permanent_and_not_named() -> None:
    _, chat = _discord(httpx.Response(404, json={"message": "Unknown Webhook", "code": 10015}))
    with pytest.raises(ProviderError, match="Unknown Webhook") as caught:
        await chat.notify("Draft waits", "", PAGE)
    assert caught.value.permanent
    assert "token" not in str(caught.value)
