"""An OpenAI-compatible endpoint that charges: a key is paid for once, however often its call comes."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Body = dict[str, Any]
# Of a key, the words that it stands for.
Words = Callable[[str], Awaitable[Body]]


class Endpoint:
    """Answers with the words of the key's asset, after `pause_s`: long enough to be killed in the middle of it."""

    def __init__(self, words: Words, pause_s: float) -> None:
        self.words, self.pause_s = words, pause_s
        self.charged: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._answers: dict[str, asyncio.Task[Body]] = {}
        self.url = ""

    async def complete(self, request: Request) -> Response:
        """One completion, whole."""
        asked = await request.json()
        key = request.headers["idempotency-key"]
        self.calls[key] += 1
        if key not in self._answers:
            self.charged[key] += 1
            schema = asked["response_format"]["json_schema"]["schema"]
            self._answers[key] = asyncio.create_task(self._answer(key, schema))
        content = json.dumps(await asyncio.shield(self._answers[key]))
        choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1_000, "completion_tokens": 500, "total_tokens": 1_500}
        return JSONResponse({"id": key, "model": asked["model"], "choices": [choice], "usage": usage})

    async def _answer(self, key: str, schema: Body) -> Body:
        await asyncio.sleep(self.pause_s)
        kept: Body = _kept(await self.words(key.partition(":")[0]), schema, schema.get("$defs", {}))
        return kept


def _kept(value: Any, schema: Body, defs: dict[str, Body]) -> Any:
    """What a model may say of it: the schema's own fields."""
    if "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]]
    if isinstance(value, dict) and "properties" in schema:
        return {name: _kept(value[name], inner, defs) for name, inner in schema["properties"].items() if name in value}
    if isinstance(value, list) and "items" in schema:
        return [_kept(item, schema["items"], defs) for item in value]
    return value


@asynccontextmanager
async def serving(words: Words, pause_s: float) -> AsyncIterator[Endpoint]:
    """The endpoint on a port of its own, for as long as the block lasts."""
    endpoint = Endpoint(words, pause_s)
    listening = socket.create_server(("127.0.0.1", 0))
    endpoint.url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    app = Starlette(routes=[Route("/v1/chat/completions", endpoint.complete, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield endpoint
    finally:
        server.should_exit = True
        await task
