"""A model behind any OpenAI-compatible endpoint, asked for structured output.

Source: platform.openai.com/docs/guides/structured-outputs and the SDK's own errors.
The JSON schema comes from the shape through the SDK's own strict conversion; the answer comes as a stream and is
validated here, so that a malformed one can be shown to the model once, with what is wrong with it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import openai
from openai.types.chat import ChatCompletionMessageParam
from pydantic import BaseModel, ValidationError

from domain.errors import ProviderError
from domain.writers import Role, model_of
from providers.http import retry_after, status_error
from providers.llm.answers import Answer, content_of, read_answer
from providers.llm.prompts import messages, version
from providers.protocols import Usage, WritingRequest, Written

if TYPE_CHECKING:
    from openai.types.shared_params import ResponseFormatJSONSchema

T = TypeVar("T", bound=BaseModel)

ATTEMPTS = 2  # the answer, and one repair
TIMEOUT_S = 60.0
# The account's money is used up: no waiting helps (platform.openai.com/docs/guides/error-codes).
_NO_QUOTA = "insufficient_quota"
# What endpoints name when they refuse a schema.
_SCHEMAS = "response_format"
# Endpoints that keep keys answer a call again that they have answered, and charge it once.
IDEMPOTENCY = "Idempotency-Key"
_NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"})


class OpenAIWriter:
    """A `Writer`. `prompts` are texts by kind (`load_prompts`), `models` the models by role (`domain.writers`).

    `timeout_s` is the longest silence while an answer comes, in each of the at most two calls of a draft.
    """

    name = "openai"

    def __init__(
        self,
        *,
        api_key: str,
        models: Mapping[Role, str],
        prompts: Mapping[str, str],
        base_url: str | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        timeout = openai.Timeout(timeout_s, connect=5.0)
        self._client = openai.AsyncOpenAI(api_key=api_key, base_url=base_url, timeout=timeout, max_retries=0)
        self._models = dict(models)
        self._prompts = dict(prompts)
        self._schemas = True

    def model_for(self, kind: str) -> str:
        """The model of the kind's role."""
        return model_of(kind, self._models)

    def prompt_for(self, kind: str) -> str:
        """The version of the kind's prompt."""
        return version(self._prompts[kind]) if kind in self._prompts else ""

    async def write(self, request: WritingRequest[T]) -> Written[T]:
        """Raises `ProviderError`: `declined` and `truncated` are permanent, `malformed` is not."""
        if request.kind not in self._prompts:
            raise ProviderError("unsupported", f"There is no prompt for {request.kind!r}", permanent=True)
        talk = [_message(role, text) for role, text in messages(self._prompts[request.kind], request)]
        used: list[Usage] = []
        fault = ""
        for attempt in range(ATTEMPTS):
            answer = await self._asked(talk, request, attempt, used)
            text = content_of(answer)
            try:
                value = request.shape.model_validate_json(text)
            except ValidationError as error:
                fault = _faults(error)
                talk += [_message("assistant", text), _message("user", f"{fault}\nAnswer again, with that put right.")]
                continue
            return Written(
                value=value,
                model=used[-1].model,
                offline=False,
                input_tokens=sum(one.input_tokens for one in used),
                output_tokens=sum(one.output_tokens for one in used),
                latency_s=sum(one.latency_s for one in used),
            )
        raise ProviderError("malformed", f"{self.name} answered twice with what cannot be used: {fault}")

    async def aclose(self) -> None:
        await self._client.close()

    async def _asked(
        self, talk: Sequence[ChatCompletionMessageParam], request: WritingRequest[T], attempt: int, used: list[Usage]
    ) -> Answer:
        """One call; what it used is told whatever comes of it."""
        began_s = time.perf_counter()
        answer = Answer(model=self.model_for(request.kind))
        try:
            await self._call(talk, request, f"{request.key}:{attempt}" if request.key else "", answer)
        finally:
            used.append(Usage(answer.model, answer.input_tokens, answer.output_tokens, time.perf_counter() - began_s))
            if request.watch is not None:
                request.watch.called(used[-1])
        return answer

    async def _call(
        self, talk: Sequence[ChatCompletionMessageParam], request: WritingRequest[T], key: str, answer: Answer
    ) -> None:
        """Ask, and read the answer as it comes; once more without a schema where the endpoint knows of none."""
        try:
            async with self._client.chat.completions.with_streaming_response.create(
                model=answer.model,
                messages=list(talk) if self._schemas else _told_shape(talk, request.shape),
                response_format=_format(request.shape) if self._schemas else {"type": "json_object"},
                stream=True,
                stream_options={"include_usage": True},
                extra_headers={IDEMPOTENCY: key} if key else None,
            ) as response:
                await read_answer(response, answer, request.watch)
        except openai.BadRequestError as error:
            if not self._schemas or _SCHEMAS not in error.message:
                raise _status_error(error) from None
            self._schemas = False
            await self._call(talk, request, key, answer)
        except openai.APIStatusError as error:
            raise _status_error(error) from None
        except openai.APIConnectionError as error:
            raise _connection_error(type(error.__cause__).__name__) from None


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


def _connection_error(cause: str) -> ProviderError:
    # By name: which HTTP library the SDK is built on is its own affair, and has changed before.
    never_sent = cause in _NEVER_SENT
    what = "could not be reached" if never_sent else "did not answer"
    return ProviderError("unreachable", f"openai {what} ({cause})", refused=never_sent)


def _told_shape(talk: Sequence[ChatCompletionMessageParam], shape: type[BaseModel]) -> list[ChatCompletionMessageParam]:
    """The same with the schema in words, for an endpoint that takes none."""
    schema = json.dumps(_format(shape)["json_schema"]["schema"], ensure_ascii=False)
    return [_message("system", f"{dict(talk[0])['content']}\n\nThe schema of the answer: {schema}"), *talk[1:]]
