"""A model behind any OpenAI-compatible endpoint, asked for structured output.

Source: platform.openai.com/docs/guides/structured-outputs and the SDK's own errors.
The JSON schema comes from the shape through the SDK's own strict conversion; the answer is validated here, so that
a malformed one can be shown to the model once, with what is wrong with it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import openai
from openai.types.chat import ChatCompletionMessageParam
from pydantic import BaseModel, Field, ValidationError

from domain.errors import ProviderError
from providers.http import retry_after, status_error
from providers.llm.prompts import messages
from providers.protocols import WritingRequest, Written

if TYPE_CHECKING:
    from openai.types.shared_params import ResponseFormatJSONSchema

T = TypeVar("T", bound=BaseModel)

ATTEMPTS = 2  # the answer, and one repair
TIMEOUT_S = 60.0
# The account's money is used up: no waiting helps (platform.openai.com/docs/guides/error-codes).
_NO_QUOTA = "insufficient_quota"
_NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"})


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(BaseModel):
    """The part of a chat completion that is used. The SDK's own type is filled without being checked."""

    choices: list[_Choice] = Field(min_length=1)
    model: str | None = None
    usage: _Usage | None = None


class OpenAIWriter:
    """A `Writer`. `prompts` are texts by kind (`load_prompts`); `timeout_s` holds for each of the at most two calls."""

    name = "openai"

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        prompts: Mapping[str, str],
        base_url: str | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        timeout = openai.Timeout(timeout_s, connect=5.0)
        self._client = openai.AsyncOpenAI(api_key=api_key, base_url=base_url, timeout=timeout, max_retries=0)
        self._model = model
        self._prompts = dict(prompts)

    async def write(self, request: WritingRequest[T]) -> Written[T]:
        """Raises `ProviderError`: `declined` and `truncated` are permanent, `malformed` is not."""
        kind, shape = request.kind, request.shape
        if kind not in self._prompts:
            raise ProviderError("unsupported", f"There is no prompt for {kind!r}", permanent=True)
        asked = messages(self._prompts[kind], request)
        talk = [_message(role, text) for role, text in asked]
        started = time.perf_counter()
        tokens_in = tokens_out = 0
        fault = ""
        for _ in range(ATTEMPTS):
            completion = await self._complete(talk, shape)
            if completion.usage:
                tokens_in += completion.usage.prompt_tokens
                tokens_out += completion.usage.completion_tokens
            text = _content(completion)
            try:
                value = shape.model_validate_json(text)
            except ValidationError as error:
                fault = _faults(error)
                talk += [_message("assistant", text), _message("user", f"{fault}\nAnswer again, with that put right.")]
                continue
            return Written(
                value=value,
                model=completion.model or self._model,
                offline=False,
                input_tokens=tokens_in,
                output_tokens=tokens_out,
                latency_s=time.perf_counter() - started,
            )
        raise ProviderError("malformed", f"{self.name} answered twice with what cannot be used: {fault}")

    async def aclose(self) -> None:
        await self._client.close()

    async def _complete(self, talk: Sequence[ChatCompletionMessageParam], shape: type[BaseModel]) -> _Completion:
        try:
            answer = await self._client.chat.completions.with_raw_response.create(
                model=self._model, messages=list(talk), response_format=_format(shape)
            )
        except openai.APIStatusError as error:
            raise _status_error(error) from None
        except openai.APIConnectionError as error:
            raise _connection_error(error) from None
        try:
            return _Completion.model_validate_json(answer.content)
        except ValidationError:
            # A proxy's page, or an endpoint that is compatible in name only.
            raise ProviderError("malformed", "openai answered with no completion") from None


def _format(shape: type[BaseModel]) -> ResponseFormatJSONSchema:
    function = openai.pydantic_function_tool(shape)["function"]
    return {
        "type": "json_schema",
        "json_schema": {"name": shape.__name__, "strict": True, "schema": function["parameters"]},
    }


def _message(role: str, text: str) -> ChatCompletionMessageParam:
    if role == "system":
        return {"role": "system", "content": text}
    if role == "assistant":
        return {"role": "assistant", "content": text}
    return {"role": "user", "content": text}


def _content(completion: _Completion) -> str:
    choice = completion.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise ProviderError(
            "declined", f"openai declined: {choice.message.refusal or 'content filter'}", permanent=True
        )
    if choice.finish_reason == "length":
        raise ProviderError("truncated", "openai reached its length limit before the end", permanent=True)
    return choice.message.content or ""


def _faults(error: ValidationError) -> str:
    """What is wrong and where, without the answer itself: the model has that before it."""
    details = error.errors(include_url=False, include_input=False, include_context=False)
    lines = [f"- {'.'.join(str(part) for part in fault['loc']) or 'answer'}: {fault['msg']}" for fault in details]
    return "\n".join(["That answer does not fit:", *lines[:10]])


def _status_error(error: openai.APIStatusError) -> ProviderError:
    if _NO_QUOTA in {error.code, error.type}:
        return ProviderError("no_quota", f"openai: {error.message}", permanent=True)
    # Beside Retry-After, OpenAI gives the same in milliseconds.
    milliseconds = error.response.headers.get("retry-after-ms", "")
    wait = timedelta(milliseconds=int(milliseconds)) if milliseconds.isdigit() else None
    return status_error(
        "openai",
        error.status_code,
        error.response.headers,
        error.message,
        wait=wait if retry_after(error.response.headers) is None else None,
    )


def _connection_error(error: openai.APIConnectionError) -> ProviderError:
    # By name: which HTTP library the SDK is built on is its own affair, and has changed before.
    cause = type(error.__cause__).__name__
    never_sent = cause in _NEVER_SENT
    what = "could not be reached" if never_sent else "did not answer"
    return ProviderError("unreachable", f"openai {what} ({cause})", refused=never_sent)
