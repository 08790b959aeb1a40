"""A vendor that answers from a list and keeps what it was asked, for tests of exact requests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx


@dataclass
class Vendor:
    """Answers each request with the next of `answers`; `requests` holds what was asked, in order."""

    answers: list[httpx.Response | Exception]
    requests: list[httpx.Request] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def calls(self) -> list[tuple[str, str]]:
        return [(request.method, str(request.url)) for request in self.requests]

    def json(self, index: int = -1) -> Any:
        return json.loads(self.requests[index].content)

    def form(self, index: int = -1) -> dict[str, str]:
        return dict(parse_qsl(self.requests[index].content.decode(), keep_blank_values=True))

    def sent(self) -> str:
        """Everything that left in bodies and addresses, to look for what must not be in it."""
        return "\n".join(f"{request.url} {request.content.decode()}" for request in self.requests)
