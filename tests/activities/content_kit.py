"""A writer, a chat and a place for posts that do as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from domain.clock import Clock
from domain.errors import ProviderError
from domain.marketing import Approvals, Brand, Limits, Marketing
from providers.protocols import Free, WritingRequest, Written
from tests.store.assets import LINKEDIN, THREAD

CLOCK = Clock(datetime(2026, 1, 1, tzinfo=UTC), 1.0)
T = TypeVar("T", bound=BaseModel)
BODIES: dict[str, dict[str, Any]] = {
    "thread": THREAD,
    "linkedin": LINKEDIN,
    "newsletter": {"headline": "Faster exports", "text": "Exports are twice as fast now."},
    "descriptions": {"descriptions": [f"Exports are twice as fast now, part {part}." for part in range(3)]},
}


class FakeWriter(Free):
    """Writes the kind's body, with the instructions in it; `errors` are raised first, one a call.

    `thinks` is its opinion on what it wrote, None where it has none to give.
    """

    name = "fake"

    def __init__(self, *errors: ProviderError) -> None:
        self.errors = list(errors)
        self.asked: list[dict[str, Any]] = []
        self.thinks: dict[str, Any] | None = None

    async def write(self, request: WritingRequest[T]) -> Written[T]:
        kind, instructions = request.kind, request.instructions
        if kind == "opinion":
            if self.thinks is None:
                raise ProviderError("unavailable")
            return Written(value=request.shape.model_validate(self.thinks), model="fake-1", offline=False)
        asked = {"source": dict(request.source), "tone": request.tone, "instructions": instructions}
        asked["examples"] = list(request.examples)
        self.asked.append({"kind": kind, **asked})
        await asyncio.sleep(0)
        if self.errors:
            raise self.errors.pop(0)
        body = BODIES[kind]
        if instructions and "text" in body:
            body = {**body, "text": f"{instructions} {body['text']}"}
        return Written(value=request.shape.model_validate(body), model="fake-1", offline=False)

    async def aclose(self) -> None:
        return


class FakeChat:
    """Takes what it is told; `errors` are raised first, one a call."""

    def __init__(self, name: str, *errors: ProviderError) -> None:
        self.name = name
        self.errors = list(errors)
        self.told: list[tuple[str, str, str, bool]] = []

    async def notify(self, title: str, text: str, url: str, *, urgent: bool = False) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.told.append((title, text, url, urgent))

    async def aclose(self) -> None:
        return


class RefusingSocial:
    """Raises its error for everything."""

    name = "refusing"

    def __init__(self, error: ProviderError) -> None:
        self.error = error

    async def publish(self, channel: str, texts: Sequence[str], key: str) -> str:  # noqa: ARG002 - the protocol's
        raise self.error

    async def aclose(self) -> None:
        return


def marketing(
    *, required: Sequence[str] = ("linkedin",), posts_per_day: int = 1_000, notify: Sequence[str] = ()
) -> Marketing:
    """A brand under which the kinds and channels `required` wait for a person."""
    return Marketing(
        brand=Brand(
            name="Acme",
            author="Ada",
            postal_address="1 Main Street, Springfield",
            url="https://example.com",
            reply_to="hello@example.com",
            transactional_from="hello@example.com",
            marketing_from="news@example.com",
            tone="dry",
        ),
        limits=Limits(social_posts_per_day=posts_per_day),
        approvals=Approvals(review_required=list(required), notify=list(notify)),
    )
