"""While a model's answer comes, whoever waits sees how much of it is there."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from activities import drafting
from activities.drafting import Drafter
from demo.calendar import eventually
from domain.content import LinkedInPost
from providers.llm.openai_writer import OpenAIWriter
from providers.protocols import WritingRequest
from store import assets, writer_calls
from store.assets import Wanted
from store.db import Database
from store.queries.written import asset_view, list_assets
from tests.activities.content_kit import CLOCK, marketing

HALF, REST = '{"text": "Imports are ', 'faster now."}'


def chunk(**given: Any) -> str:
    whole = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", **given}
    return f"data: {json.dumps(whole)}\n\n"


def piece(content: str, finish: str | None = None) -> str:
    return chunk(choices=[{"index": 0, "delta": {"content": content}, "finish_reason": finish}])


async def test_how_much_of_an_answer_is_there_is_seen_before_it_has_ended(
    db: Database, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafting, "TELL_S", 0.05)
    on = threading.Event()

    def body() -> Iterator[str]:
        yield piece(HALF)
        on.wait(20)
        yield piece(REST, "stop")
        yield "data: [DONE]\n\n"

    httpserver.expect_request("/v1/chat/completions").respond_with_handler(
        lambda _: Response(body(), content_type="text/event-stream")
    )
    url = httpserver.url_for("/v1")
    writer = OpenAIWriter(api_key="sk-x", models={"writing": "m"}, prompts={"linkedin": "Write."}, base_url=url)
    async with db.transaction() as tx:
        asset = await assets.request(tx, Wanted("linkedin", "a-post", "A post"), "user:1")
    request = WritingRequest("linkedin", LinkedInPost, source={"body": "Faster imports."}, key="one")
    asking = asyncio.create_task(Drafter(db, writer, marketing(), CLOCK).ask(request, asset.id))
    try:
        assert await eventually(lambda: coming(db), "half of the answer", within_s=20, every_s=0.05)
    finally:
        on.set()
    assert (await asking).value.text == "Imports are faster now."
    assert await coming(db) is None
    async with db.transaction() as tx:
        [call] = await writer_calls.of_review(tx, asset.id)
    assert (call.state, call.received >= len(HALF)) == ("answered", True)
    await writer.aclose()


async def coming(db: Database) -> int | None:
    """As the list and the asset's own page have it."""
    async with db.transaction() as tx:
        [listed] = (await list_assets(tx, cursor=None, limit=10)).items
        assert (await asset_view(tx, listed.id)).received == listed.received
    assert listed.received in {None, len(HALF)}
    return listed.received
