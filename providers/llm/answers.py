"""A model's answer as it comes: a stream of pieces, or a whole completion from an endpoint that does not stream.

Source: platform.openai.com/docs/api-reference/chat-streaming. The SDK's own types are filled without being checked, so
the part that is used is checked here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import openai
from openai import AsyncAPIResponse
from pydantic import BaseModel, Field, ValidationError

from domain.errors import ProviderError
from providers.protocols import Watch

STREAM: Final = "text/event-stream"


class _Said(BaseModel):
    """A message, or a piece of one."""

    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Said | None = None
    delta: _Said | None = None
    finish_reason: str | None = None

    @property
    def said(self) -> _Said:
        return self.delta or self.message or _Said()


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Chunk(BaseModel):
    """A chunk of a stream, or a whole completion. The last chunk has the usage and no choice."""

    choices: list[_Choice] = Field(default_factory=list)
    model: str | None = None
    usage: _Usage | None = None


class _Message(_Choice):
    message: _Said


class _Whole(_Chunk):
    """A completion that came in one piece."""

    choices: list[_Message] = Field(min_length=1)  # type: ignore[assignment]


@dataclass(slots=True)
class Answer:
    """What came so far, and what it used."""

    model: str
    content: str = ""
    refusal: str = ""
    finish: str = ""
    input_tokens: int = 0
    output_tokens: int = 0

    def take(self, chunk: _Chunk) -> None:
        """Add a piece. Other choices than the first are never asked for."""
        self.model = chunk.model or self.model
        if chunk.usage is not None:
            self.input_tokens, self.output_tokens = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
        for choice in chunk.choices[:1]:
            self.content += choice.said.content or ""
            self.refusal += choice.said.refusal or ""
            self.finish = choice.finish_reason or self.finish


async def read_answer(response: AsyncAPIResponse[Any], answer: Answer, watch: Watch | None) -> None:
    """Fill the answer. Raises ProviderError where a stream breaks off, or what comes is no completion."""
    try:
        if STREAM not in response.headers.get("content-type", ""):
            answer.take(_Whole.model_validate_json(await response.read()))
            answer.finish = answer.finish or "stop"
            return
        async for piece in await response.parse():
            answer.take(_Chunk.model_validate(piece.model_dump()))
            if watch is not None:
                watch.written(len(answer.content))
    except (ValidationError, openai.APIError) as error:
        if isinstance(error, openai.APIConnectionError | openai.APIStatusError):
            raise
        # A proxy's page, or an endpoint that is compatible in name only.
        raise _nothing() from None
    except ProviderError:
        raise
    except Exception as error:  # noqa: BLE001 - the HTTP library's own errors, whichever that is
        raise ProviderError("unreachable", f"openai broke off ({type(error).__name__})", refused=False) from None
    if not answer.finish:
        raise ProviderError("unreachable", "openai broke off before the end", refused=False)


def content_of(answer: Answer) -> str:
    """The text. Raises ProviderError for what was declined or cut off, which asking again does not help."""
    if answer.refusal or answer.finish == "content_filter":
        raise ProviderError("declined", f"openai declined: {answer.refusal or 'content filter'}", permanent=True)
    if answer.finish == "length":
        raise ProviderError("truncated", "openai reached its length limit before the end", permanent=True)
    return answer.content


def _nothing() -> ProviderError:
    return ProviderError("malformed", "openai answered with no completion")
