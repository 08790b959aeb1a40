"""Signs and posts as Stripe, Calendly, GitHub, a site's forms and a shop do, and remembers it for a second delivery."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx

from api.webhooks.signing import sign_calendly, sign_github, sign_stripe
from domain.errors import PerennialError

# As the vendors do: an answer that is no 2xx or 3xx is followed by the same delivery again, a little later.
TRIES = 6
PAUSE_S = 0.5
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_JSON = {"content-type": "application/json"}


class NotTaken(PerennialError):
    """A delivery that was not taken however often it was tried."""

    code = "not_taken"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What each sender signs with; `events_key` is the shop's API key."""

    stripe: str = field(repr=False)
    calendly: str = field(repr=False)
    github: str = field(repr=False)
    events_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing that was told, byte for byte; `headers` signs it anew for the moment at which it is sent."""

    path: str
    body: bytes
    headers: Callable[[datetime], Mapping[str, str]] = field(repr=False)


class Senders:
    """Everybody who tells the product something. `http` has the API's address as its base."""

    def __init__(self, http: httpx.AsyncClient, secrets: Secrets) -> None:
        self._http, self._secrets = http, secrets
        self.delivered: list[Delivery] = []

    async def stripe(self, event: Mapping[str, Any]) -> httpx.Response:
        """An event of Stripe's, signed as Stripe signs."""
        body = json.dumps(event, indent=2).encode()
        return await self._first(
            Delivery("/webhooks/stripe", body, lambda at: sign_stripe(self._secrets.stripe, body, at))
        )

    async def calendly(self, event: Mapping[str, Any]) -> httpx.Response:
        """An event of Calendly's, signed as Calendly signs."""
        body = json.dumps(event).encode()
        return await self._first(
            Delivery("/webhooks/calendly", body, lambda at: sign_calendly(self._secrets.calendly, body, at))
        )

    async def github(self, event: Mapping[str, Any], name: str = "release") -> httpx.Response:
        """An event of GitHub's, signed as GitHub signs; its delivery id stays the same when it is delivered again."""
        body, delivery = json.dumps(event).encode(), str(uuid4())
        return await self._first(
            Delivery(
                "/webhooks/github",
                body,
                lambda _: sign_github(self._secrets.github, body, event=name, delivery=delivery),
            )
        )

    async def html_form(self, form: str, **fields: str) -> httpx.Response:
        """What a browser posts; a hidden `submission_id` makes a second click of the button recognisable."""
        body = urlencode({**fields, "submission_id": uuid4().hex}).encode()
        return await self._first(Delivery(f"/forms/{form}", body, lambda _: _FORM))

    async def magnet(self, slug: str, **fields: str) -> httpx.Response:
        """What a browser posts to a lead magnet's page. Not remembered for a second delivery."""
        body = urlencode({**fields, "submission_id": uuid4().hex}).encode()
        return await self.deliver(Delivery(f"/g/{slug}", body, lambda _: _FORM))

    async def json_form(self, form: str, **fields: str) -> httpx.Response:
        """What a site's own script posts."""
        body = json.dumps({**fields, "submission_id": uuid4().hex}).encode()
        return await self._first(Delivery(f"/forms/{form}", body, lambda _: _JSON))

    async def registration(self, code: str, *, clicks: int, **fields: str) -> list[int]:
        """What a browser posts to a webinar's page, so many times, and how each is answered.

        Not remembered for a second delivery: a webinar that is over takes no registrations.
        """
        body = urlencode({**fields, "submission_id": uuid4().hex}).encode()
        post = Delivery(f"/webinars/{code}", body, lambda _: _FORM)
        return [(await self.deliver(post)).status_code for _ in range(clicks)]

    async def event(self, item: Mapping[str, Any]) -> httpx.Response:
        """One event from the shop, with its API key."""
        body = json.dumps({"id": uuid4().hex, **item}).encode()
        headers = {**_JSON, "authorization": f"Bearer {self._secrets.events_key}"}
        return await self._first(Delivery("/v1/events", body, lambda _: headers))

    async def _first(self, delivery: Delivery) -> httpx.Response:
        answer = await self.deliver(delivery)
        self.delivered.append(delivery)
        return answer

    async def deliver(self, delivery: Delivery) -> httpx.Response:
        """Post it until it is taken. Raises NotTaken with the last answer."""
        said = "no answer"
        for _ in range(TRIES):
            try:
                answer = await self._http.post(
                    delivery.path, content=delivery.body, headers=dict(delivery.headers(datetime.now(UTC)))
                )
            except httpx.TransportError as error:
                said = type(error).__name__
            else:
                if answer.is_success or answer.is_redirect:
                    return answer
                said = f"{answer.status_code} {answer.text[:200]}"
                if answer.is_client_error:
                    break
            await asyncio.sleep(PAUSE_S)
        message = f"POST {delivery.path} was not taken: {said}"
        raise NotTaken(message)
