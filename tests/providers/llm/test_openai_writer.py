"""The real OpenAI client against a server that speaks its wire format, with all that can come back."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from domain.content import LinkedInPost, SeoDescriptions
from domain.errors import ProviderError
from providers.llm.openai_writer import OpenAIWriter
from providers.protocols import Writer, WritingRequest

PATH = "/v1/chat/completions"
SOURCE = {"repository": "acme/widgets", "body": "Faster imports."}
GOOD = json.dumps({"text": "Imports are faster now."})
PROMPTS = {"linkedin": "Write a post.", "descriptions": "Write descriptions."}


def completion(content: str | None, *, finish: str = "stop", refusal: str | None = None) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_772_000_000,
        "model": "small-2026-01-01",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150},
    }


def error(message: str, code: str | None = None, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


@pytest.fixture
async def writer(httpserver: HTTPServer) -> AsyncIterator[Writer]:
    made = OpenAIWriter(
        api_key="sk-secret",
        models={"writing": "small"},
        prompts=PROMPTS,
        base_url=httpserver.url_for("/v1"),
        timeout_s=0.5,
    )
    yield made
    await made.aclose()


async def _post(writer: Writer, instructions: str = "") -> LinkedInPost:
    written = await writer.write(
        WritingRequest(
            "linkedin",
            LinkedInPost,
            source=SOURCE,
            tone="technical",
            instructions=instructions,
            examples=["was A, now B"],
        )
    )
    return written.value


async def _failure(writer: Writer, httpserver: HTTPServer, requests: int = 1) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await _post(writer)
    assert len(httpserver.log) == requests, "the client makes no retries of its own"
    assert "sk-secret" not in str(caught.value)
    return caught.value


def _asked(httpserver: HTTPServer, index: int = -1) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(httpserver.log[index][0].data)
    return body


async def test_a_draft_comes_back_typed_with_what_it_cost(writer: Writer, httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH, method="POST").respond_with_json(completion(GOOD))
    written = await writer.write(WritingRequest("linkedin", LinkedInPost, source=SOURCE))
    assert written.value == LinkedInPost(text="Imports are faster now.")
    assert (written.model, written.offline) == ("small-2026-01-01", False)
    assert (written.input_tokens, written.output_tokens) == (120, 30)
    assert 0 < written.latency_s < 5


async def test_the_request_asks_for_the_shape_strictly_and_carries_the_key(
    writer: Writer, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(PATH, headers={"Authorization": "Bearer sk-secret"}).respond_with_json(completion(GOOD))
    await _post(writer, "shorter")
    asked = _asked(httpserver)
    assert asked["model"] == "small"
    assert asked["response_format"] == {
        "type": "json_schema",
        "json_schema": {
            "name": "LinkedInPost",
            "strict": True,
            "schema": {
                "type": "object",
                "title": "LinkedInPost",
                "description": "One post, plain text with line breaks.",
                "properties": {
                    "text": {"type": "string", "title": "Text", "description": "at most 3000 characters, plain text"}
                },
                "required": ["text"],
                "additionalProperties": False,
            },
        },
    }
    system, user = asked["messages"]
    assert system["role"] == "system"
    assert system["content"].startswith("Write a post.")
    for part in ("Faster imports.", "technical", "shorter", "was A, now B"):
        assert part in user["content"]
    assert "sk-secret" not in json.dumps(asked)


@pytest.mark.parametrize("broken", ["{not json", json.dumps({"text": "x" * 3_001}), json.dumps({"words": "x"}), ""])
async def test_a_malformed_answer_is_repaired_once(writer: Writer, httpserver: HTTPServer, broken: str) -> None:
    httpserver.expect_ordered_request(PATH).respond_with_json(completion(broken))
    httpserver.expect_ordered_request(PATH).respond_with_json(completion(GOOD))
    written = await writer.write(WritingRequest("linkedin", LinkedInPost, source=SOURCE))
    assert written.value.text == "Imports are faster now."
    assert (written.input_tokens, written.output_tokens) == (240, 60), "both calls were paid for"
    shown, wish = _asked(httpserver)["messages"][-2:]
    assert (shown["role"], shown["content"]) == ("assistant", broken)
    assert wish["role"] == "user"
    assert "does not fit" in wish["content"]


async def test_the_repair_names_what_is_wrong(writer: Writer, httpserver: HTTPServer) -> None:
    two = json.dumps({"descriptions": ["a", "b"]})
    three = json.dumps({"descriptions": ["a", "b", "c"]})
    httpserver.expect_ordered_request(PATH).respond_with_json(completion(two))
    httpserver.expect_ordered_request(PATH).respond_with_json(completion(three))
    await writer.write(WritingRequest("descriptions", SeoDescriptions, source=SOURCE))
    assert (
        "- descriptions: Value error, must be exactly 3 descriptions, not 2"
        in _asked(httpserver)["messages"][-1]["content"]
    )


async def test_an_answer_malformed_twice_is_given_up_for_now(writer: Writer, httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH).respond_with_json(completion("{not json"))
    failure = await _failure(writer, httpserver, requests=2)
    assert (failure.code, failure.permanent) == ("malformed", False)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (completion(None, refusal="I cannot help with that."), "declined"),
        (completion("", finish="content_filter"), "declined"),
        (completion('{"text": "Imports are', finish="length"), "truncated"),
    ],
)
async def test_a_refusal_and_a_cut_answer_are_not_asked_again(
    writer: Writer, httpserver: HTTPServer, answer: dict[str, Any], code: str
) -> None:
    httpserver.expect_request(PATH).respond_with_json(answer)
    failure = await _failure(writer, httpserver)
    assert (failure.code, failure.permanent) == (code, True)


@pytest.mark.parametrize(
    ("status", "body", "headers", "code", "permanent", "wait"),
    [
        (429, error("Rate limit reached"), {"Retry-After": "7"}, "rate_limited", False, timedelta(seconds=7)),
        (429, error("Rate limit"), {"retry-after-ms": "250"}, "rate_limited", False, timedelta(milliseconds=250)),
        (429, error("Quota", "insufficient_quota", "insufficient_quota"), {}, "no_quota", True, None),
        (500, error("The server had an error"), {}, "unavailable", False, None),
        (503, error("Overloaded"), {"Retry-After": "2"}, "unavailable", False, timedelta(seconds=2)),
        (401, error("Incorrect API key provided: sk-secret"), {}, "unauthorized", True, None),
        (404, error("The model `small` does not exist", "model_not_found"), {}, "not_found", True, None),
        (400, error("Invalid schema"), {}, "rejected", True, None),
    ],
)
async def test_errors_are_told_apart(
    writer: Writer,
    httpserver: HTTPServer,
    status: int,
    body: dict[str, Any],
    headers: dict[str, str],
    code: str,
    permanent: bool,
    wait: timedelta | None,
) -> None:
    httpserver.expect_request(PATH).respond_with_json(body, status=status, headers=headers)
    failure = await _failure(writer, httpserver)
    assert (failure.code, failure.permanent, failure.retry_after) == (code, permanent, wait)


async def test_a_model_that_takes_too_long_is_unreachable_in_doubt(writer: Writer, httpserver: HTTPServer) -> None:
    given_up = threading.Event()

    def late(_: Request) -> Response:
        given_up.wait(10)
        return Response(json.dumps(completion(GOOD)), content_type="application/json")

    httpserver.expect_request(PATH).respond_with_handler(late)
    with pytest.raises(ProviderError) as caught:
        await _post(writer)
    given_up.set()
    while not httpserver.log:  # noqa: ASYNC110 - the server's thread has no event of this loop's
        await asyncio.sleep(0.01)
    assert (caught.value.code, caught.value.permanent, caught.value.refused) == ("unreachable", False, False)


async def test_an_endpoint_that_is_not_there_is_unreachable_for_certain() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
    gone = OpenAIWriter(api_key="k", models={"writing": "small"}, prompts=PROMPTS, base_url=address)
    with pytest.raises(ProviderError) as caught:
        await _post(gone)
    await gone.aclose()
    assert (caught.value.code, caught.value.refused) == ("unreachable", True)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<html>a proxy</html>", "text/html"),
        ("{broken", "application/json"),
        ("[]", "application/json"),
        ('{"choices": []}', "application/json"),
        ('{"choices": null}', "application/json"),
        ('{"choices": [{"message": null}]}', "application/json"),
    ],
)
async def test_something_else_that_answers_is_malformed(
    writer: Writer, httpserver: HTTPServer, body: str, content_type: str
) -> None:
    httpserver.expect_request(PATH).respond_with_data(body, content_type=content_type)
    failure = await _failure(writer, httpserver)
    assert (failure.code, failure.permanent) == ("malformed", False)


async def test_a_kind_without_a_prompt_is_refused_before_any_call(writer: Writer, httpserver: HTTPServer) -> None:
    with pytest.raises(ProviderError) as caught:
        await writer.write(WritingRequest("poem", LinkedInPost, source=SOURCE))
    assert (caught.value.code, caught.value.permanent) == ("unsupported", True)
    assert not httpserver.log
