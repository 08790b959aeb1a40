"""Webhooks a second, and how soon a fact is a signal, with Temporal up and down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import httpx

from bench.ground import Ground, Scale, ground
from bench.meters import by_millisecond
from bench.signals import purchase, rows_of_signals
from bench.table import Row, median, percentile
from demo.senders import Senders
from demo.story.purchases import BASICS
from embedded.progress import Say

TITLE = "Webhooks acknowledged, and from the event to the signal"
ABOUT = (
    "Each client posts the next signed Stripe purchase when the one before is answered, each for a new person: "
    "verified, stored, folded and committed before the 202. *Up*: the worker begins two journeys for each on the same "
    "cores meanwhile, and sends two mails. *Down*: Temporal's process is stopped, and started again after; the events "
    "that waited are then routed. The latency is from the moment that is written into the event's row, shortly before "
    "its commit, to `WorkflowExecutionSignaled` in the history of the running follow-up that the purchase joins, when "
    "so many people buy at once; for what came while Temporal was down it counts from Temporal's return."
)
CLIENTS = (8, 32)
_ROUTED = "SELECT count(*) FROM events WHERE state = 'routed'"
_EVENTS = "SELECT count(*) FROM events"


async def measure(scale: Scale, say: Say) -> list[Row]:
    """Acknowledgements with Temporal up and down, in turns, then latencies."""
    posted, rounds = scale.of(256, least=64), scale.of(5)
    rows: list[Row] = []
    async with ground(say, more={"marketing_per_hour": 1_000_000}) as found:
        await _acknowledged(found, CLIENTS[0], 2)  # the first of everything takes longer
        for clients in CLIENTS:
            say(f"{clients} clients")
            rows += await _up(found, clients, posted // clients)
            rows += await _down(found, clients, posted // clients)
        for clients in CLIENTS:
            say(f"{clients} people buy at once")
            rows += await rows_of_signals(found, clients, rounds, lambda: without_temporal(found))
    return rows


@asynccontextmanager
async def without_temporal(found: Ground) -> AsyncIterator[None]:
    """Temporal's process is stopped for as long as the block lasts; after it the server answers again."""
    service = found.up.services["temporal"]
    await service.stop()
    try:
        yield
    finally:
        await service.start()


@dataclass(frozen=True, slots=True)
class _Answers:
    """How long it took in all, and each answer. Seconds."""

    took_s: float
    spans_s: list[float]

    def row(self, what: str) -> Row:
        spans = by_millisecond(self.spans_s)
        note = f"p50 {median(spans):.0f} ms, p99 {percentile(spans, 99):.0f} ms; all {len(spans)} answered 202"
        return Row(f"webhooks a second: {what}", len(spans) / self.took_s, "", note=note)


async def _up(found: Ground, clients: int, each: int) -> list[Row]:
    answers = await _acknowledged(found, clients, each)
    await _drained(found)
    return [answers.row(f"{clients} clients, Temporal up")]


async def _down(found: Ground, clients: int, each: int) -> list[Row]:
    async with without_temporal(found):
        answers = await _acknowledged(found, clients, each)
    begun_s = time.perf_counter()
    await _drained(found)
    drained = Row(
        f"until all that waited is routed: {clients} clients", time.perf_counter() - begun_s, "s",
        note=f"{clients * each} events, after Temporal's return",
    )  # fmt: skip
    return [answers.row(f"{clients} clients, Temporal down"), drained]


async def _drained(found: Ground) -> None:
    """Until every event is routed. What the journeys then do goes on for a while, and is waited for too."""
    await found.until(_ROUTED, await found.count(_EVENTS))
    begun = "SELECT count(*) FROM journeys WHERE sequence = 'order_receipt'"
    await found.until(f"{begun} AND ended_at IS NOT NULL", await found.count(begun))


async def _acknowledged(found: Ground, clients: int, each: int) -> _Answers:
    begun_s = time.perf_counter()
    spans = await asyncio.gather(*(_client(found, each) for _ in range(clients)))
    return _Answers(time.perf_counter() - begun_s, [span for mine in spans for span in mine])


async def _client(found: Ground, each: int) -> list[float]:
    spans = []
    async with httpx.AsyncClient(base_url=found.up.api_url, timeout=30, trust_env=False) as http:
        senders = Senders(http, found.secrets)
        for _ in range(each):
            begun_s = time.perf_counter()
            await senders.stripe(purchase(f"{uuid4().hex}@people.example", BASICS))
            spans.append(time.perf_counter() - begun_s)
    return spans
