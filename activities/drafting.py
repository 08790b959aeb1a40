"""One draft from the writer: the words and what they cost, or the sentence that says why there are none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar, cast
from uuid import UUID, uuid4

from pydantic import BaseModel
from temporalio import activity

from activities.opinions import opinion
from domain import assets, completing, content
from domain.clock import Clock
from domain.errors import Invalid, PerennialError, ProviderError
from domain.marketing import Marketing
from domain.quality import judge
from domain.writers import month, used_up
from providers.protocols import Usage, Writer, WritingRequest, Written
from store import writer_calls
from store.base import now
from store.db import Database
from store.materials import Material
from store.review_drafts import Words
from store.writer_calls import Spent, WriterCall

UNUSABLE = "malformed"
# What a draft is reserved with before it is known: a whole excerpt of a book, and a long answer.
INPUT_GUESS, OUTPUT_GUESS = 16_000, 4_000
# A cap that was raised is seen after this time at the latest.
LOOK_AGAIN = timedelta(hours=1)
# How often it is written down how far an answer is.
TELL_S = 1.0
T = TypeVar("T", bound=BaseModel)


class OverBudget(ProviderError):
    """The month's cap leaves no room for another draft. `until` (real) is when to look again: it may be raised."""

    def __init__(self, reason: str, until: datetime) -> None:
        super().__init__("over_budget", reason, retry_after=until - now())
        self.until = until


@dataclass(slots=True)
class _Watch:
    """Keeps what was used, and the activity alive while an answer comes."""

    used: list[Usage] = field(default_factory=list)
    characters: int = 0

    def written(self, characters: int) -> None:
        """Tell Temporal that the worker lives, and how far it is."""
        self.characters = characters
        if activity.in_activity():
            activity.heartbeat(characters)

    def called(self, usage: Usage) -> None:
        """One more."""
        self.used.append(usage)


class Drafter:
    """Asks one writer, for one brand; what each draft used is a row, whatever came of it."""

    def __init__(self, db: Database, writer: Writer, marketing: Marketing, clock: Clock) -> None:
        self._db = db
        self._writer = writer
        self._marketing = marketing
        self._clock = clock

    async def draft(
        self, request: WritingRequest[T], review_id: UUID | None = None, examples: Sequence[UUID] = ()
    ) -> Written[T] | str:
        """The draft, or a sentence that says why there will be none.

        `examples` are the reviews whose edits the request shows. Raises ProviderError for an outage, and OverBudget.
        """
        kind = content.KINDS.get(request.kind)
        try:
            shape = kind.asked_of(request.brief) if kind else request.shape
            request = replace(request, shape=cast("type[T]", shape))
            if request.brief is not None:
                more = completing.told(request.kind, request.brief)
                request = replace(request, source={**request.source, **more})
            return _finished(await self.ask(request, review_id, examples), request)
        except Invalid as error:
            return str(error)
        except ProviderError as error:
            if not self._given_up(error):
                raise
            return f"The writer made no {request.kind} ({error.code})."

    async def draft_of(
        self,
        kind: content.Kind,
        material: Material,
        about: UUID,
        examples: Mapping[UUID, list[dict[str, str]]],
        *,
        key: str,
        asked: str = "",
    ) -> Written[assets.Asset] | str:
        """A draft of the review `about` from its material, in the brand's tone; `asked` is what its reviewer wants.

        `examples` are edits by the reviews that they were made in. Raises as `draft` does.
        """
        request = WritingRequest(
            kind.name,
            kind.shape,
            source=material.source,
            brief=material.brief,
            tone=self._marketing.brand.tone,
            instructions=asked,
            examples=[json.dumps(example, ensure_ascii=False) for example in examples.values()],
            key=key,
        )
        return await self.draft(request, about, list(examples))

    async def ask(
        self, request: WritingRequest[T], review_id: UUID | None = None, examples: Sequence[UUID] = ()
    ) -> Written[T]:
        """What the writer says, with a row of what it used. Raises what the writer raises, and OverBudget."""
        watch, key = _Watch(), request.key or str(uuid4())
        await self._begun(request, key, review_id, examples)
        state = "stopped"
        try:
            async with self._telling(watch, key):
                written = await self._writer.write(replace(request, key=key, watch=watch))
            state = "answered"
        except PerennialError as error:
            state = error.code
            raise
        finally:
            await self._ended(request.kind, key, state, watch.used)
        return written

    @asynccontextmanager
    async def _telling(self, watch: _Watch, key: str) -> AsyncIterator[None]:
        """Write down for whoever waits how much of the answer is there, once a second while it grows."""

        async def tell() -> None:
            told = 0
            while True:
                await asyncio.sleep(TELL_S)
                if watch.characters != told:
                    told = watch.characters
                    async with self._db.transaction() as tx:
                        await writer_calls.heard(tx, key, told)

        task = asyncio.create_task(tell())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _begun(
        self, request: WritingRequest[T], key: str, review_id: UUID | None, examples: Sequence[UUID]
    ) -> None:
        model, rules = self._writer.model_for(request.kind), self._marketing.writers
        price = rules.price_of(model) if model else None
        cap = rules.monthly_cap_usd if model else None
        if cap is not None and price is None:
            message = f"The price of {model} is not under writers.prices, so that the monthly cap cannot be kept."
            raise Invalid(message, "writers.prices")
        call = WriterCall(
            key=key,
            review_id=review_id,
            kind=request.kind,
            model=model or self._writer.name,
            prompt=self._writer.prompt_for(request.kind),
            offline=not model,
            examples=[str(one) for one in examples],
            cost_usd=None if model and price is None else Decimal(0),
            reserved_usd=price.of(INPUT_GUESS, OUTPUT_GUESS) if price else Decimal(0),
        )
        async with self._db.transaction() as tx:
            room = await writer_calls.begun(tx, call, cap, self._clock)
        if not room and cap is not None:
            _, following = month(now(), self._clock)
            raise OverBudget(used_up(cap, now(), self._clock), min(following, now() + LOOK_AGAIN))

    async def _ended(self, kind: str, key: str, state: str, used: Sequence[Usage]) -> None:
        model = self._writer.model_for(kind)
        price = self._marketing.writers.price_of(model) if model else None
        tokens_in, tokens_out = sum(one.input_tokens for one in used), sum(one.output_tokens for one in used)
        cost = price.of(tokens_in, tokens_out) if price else None if model else Decimal(0)
        named = used[-1].model if used else model or self._writer.name
        spent = Spent(state, named, tokens_in, tokens_out, cost, sum(one.latency_s for one in used))
        async with self._db.transaction() as tx:
            await writer_calls.ended(tx, key, spent)

    async def words(
        self,
        kind: content.Kind,
        written: Written[assets.Asset],
        material: Material,
        approved: Sequence[assets.Asset],
        *,
        key: str,
        review_id: UUID | None = None,
        asked: str = "",
    ) -> Words:
        """A draft as it is kept, with what can be said of its quality.

        `approved` are assets of its kind that people approved, `asked` is what a reviewer wanted. A book's many words
        are judged in a thread, in which other drafts go on.
        """
        said = await opinion(self.ask, kind, written, material, self._marketing.brand.tone, key, review_id)
        ground = material.ground(kind.name, self._marketing, asked)
        quality = await asyncio.to_thread(judge, kind, written.value, ground, approved, said)
        return Words(
            body=written.value.model_dump(mode="json"),
            digest=assets.digest(written.value),
            quality=quality.model_dump(mode="json"),
            author=f"writer:{written.model}",
            model=written.model,
            offline=written.offline,
        )

    def _given_up(self, error: ProviderError) -> bool:
        """An outage is waited out, but every answer that cannot be used has been paid for."""
        if error.code == UNUSABLE:
            return activity.info().attempt > self._marketing.limits.retries
        return error.final


def _finished(written: Written[T], request: WritingRequest[T]) -> Written[T]:
    """The draft with what is not the writer's to say. Raises ProviderError where its words fit no plan."""
    try:
        return replace(written, value=completing.finished(request.kind, written.value, request.brief, now()))
    except Invalid as error:
        raise ProviderError(UNUSABLE, str(error)) from None
