"""The answer of a model as it streams: told on, counted once, and never half of it taken for a whole."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from domain.content import LinkedInPost
from domain.errors import ProviderError
from domain.writers import Role
from providers.llm.openai_writer import OpenAIWriter
from providers.llm.prompts import RULES
from providers.protocols import Usage, WritingRequest

PATH = "/v1/chat/completions"
TEXT = json.dumps({"text": "Imports are faster now."})
MODELS: dict[Role, str] = {"writing": "small", "reasoning": "deep", "small": "tiny"}
PROMPTS = {"linkedin": "Write a post.", "strategy_roi": "Reason.", "profile": "Pick."}


class Looking:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.used: list[Usage] = []

    def written(self, characters: int) -> None:
        self.seen.append(characters)

    def called(self, usage: Usage) -> None:
        self.used.append(usage)


def chunk(**given: Any) -> str:
    whole = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "small-2026", "choices": [], **given}
    return f"data: {json.dumps(whole)}\n\n"


def piece(content: str, finish: str | None = None) -> str:
    return chunk(choices=[{"index": 0, "delta": {"content": content}, "finish_reason": finish}])


def stream(*, cut: bool = False) -> Response:
    def body() -> Iterator[str]:
        for start in range(0, len(TEXT), 8):
            yield piece(TEXT[start : start + 8])
        if cut:
            return
        yield piece("", "stop")
        yield chunk(usage={"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150})
        yield "data: [DONE]\n\n"

    return Response(body(), content_type="text/event-stream")


@pytest.fixture
async def writer(httpserver: HTTPServer) -> AsyncIterator[OpenAIWriter]:
    made = OpenAIWriter(
        api_key="sk-secret", models=MODELS, prompts=PROMPTS, base_url=httpserver.url_for("/v1"), timeout_s=2
    )
    yield made
    await made.aclose()


def asked(kind: str = "linkedin", **given: Any) -> WritingRequest[LinkedInPost]:
    return WritingRequest(kind, LinkedInPost, source={"body": "Faster imports."}, **given)


async def test_a_streamed_answer_is_told_as_it_grows_and_counted_once(
    writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(PATH).respond_with_handler(lambda _: stream())
    looking = Looking()
    written = await writer.write(asked(watch=looking))
    assert written.value.text == "Imports are faster now."
    assert (written.model, written.input_tokens, written.output_tokens) == ("small-2026", 120, 30)
    assert looking.seen == sorted(looking.seen)
    assert looking.seen[0] < len(TEXT) == looking.seen[-1]
    assert [(one.input_tokens, one.output_tokens) for one in looking.used] == [(120, 30)]


async def test_a_stream_that_breaks_off_is_no_answer(writer: OpenAIWriter, httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH).respond_with_handler(lambda _: stream(cut=True))
    looking = Looking()
    with pytest.raises(ProviderError) as failure:
        await writer.write(asked(watch=looking))
    assert (failure.value.code, failure.value.refused, failure.value.permanent) == ("unreachable", False, False)
    assert len(looking.used) == 1, "it is written down that something was asked"


async def test_each_attempt_of_a_draft_has_a_key_of_its_own_that_a_repetition_has_again(
    writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    keys: list[str] = []

    def answer(request: Request) -> Response:
        keys.append(request.headers["Idempotency-Key"])
        return Response(piece("{}", "stop"), content_type="text/event-stream")

    httpserver.expect_request(PATH).respond_with_handler(answer)
    for _ in range(2):
        with pytest.raises(ProviderError):
            await writer.write(asked(key="asset-7:1"))
    assert keys == ["asset-7:1:0", "asset-7:1:1"] * 2


async def test_an_endpoint_without_schemas_is_told_the_shape_in_words_and_remembered(
    writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    formats: list[str] = []

    def answer(request: Request) -> Response:
        body = json.loads(request.data)
        formats.append(body["response_format"]["type"])
        if formats[-1] == "json_schema":
            wrong = {"error": {"message": "response_format json_schema is not supported", "type": "invalid_request"}}
            return Response(json.dumps(wrong), 400, content_type="application/json")
        assert '"maxLength"' not in body["messages"][0]["content"]
        assert '"text"' in body["messages"][0]["content"]
        return stream()

    httpserver.expect_request(PATH).respond_with_handler(answer)
    for _ in range(2):
        assert (await writer.write(asked())).value.text == "Imports are faster now."
    assert formats == ["json_schema", "json_object", "json_object"]


@pytest.mark.parametrize(("kind", "model"), [("linkedin", "small"), ("profile", "tiny"), ("campaign", "small")])
def test_each_kind_asks_the_model_of_its_role(writer: OpenAIWriter, kind: str, model: str) -> None:
    assert writer.model_for(kind) == model


def test_a_prompt_is_known_by_its_words_and_the_houses_rules(writer: OpenAIWriter) -> None:
    other = OpenAIWriter(api_key="k", models=MODELS, prompts={**PROMPTS, "linkedin": "Write a post!"})
    assert len(writer.prompt_for("linkedin")) == 12
    assert writer.prompt_for("linkedin") != other.prompt_for("linkedin")
    assert writer.prompt_for("profile") == other.prompt_for("profile")
    assert writer.prompt_for("poem") == ""
    assert RULES
