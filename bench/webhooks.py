"""Webhooks a second, and how soon a fact is a signal, with Temporal there and away."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
from temporalio.api.enums.v1 import EventType

from bench.ground import Ground, Scale, ground
from bench.meters import by_millisecond
from bench.table import Row, median, percentile
from demo.bodies import stripe_checkout
from demo.senders import Senders
from demo.story.purchases import BASICS, PRACTICE
from embedded.progress import Say

TITLE = "Webhooks acknowledged, and from the event to the signal"
ABOUT = (
    "Each client posts the next signed Stripe event when the one before is answered, each for a new person: "
    "verified, stored, folded and committed before the 202. Temporal is *away* while its process is stopped "
    "(SIGSTOP): it takes connections and answers nothing. The latency is from the event's own commit to "
    "`WorkflowExecutionSignaled` in the history of a purchase follow-up that is running, when that many people "
    "buy a second time at once."
)
CLIENTS = (8, 32)
PRICE = 14_900


async def measure(scale: Scale, say: Say) -> list[Row]:
    """Acknowledgements with Temporal up and down, in turns, then latencies."""
    each = scale.of(40, least=4)
    rows: list[Row] = []
    async with ground(say, more={"marketing_per_hour": 1_000_000}) as found:
        await _acknowledged(found, CLIENTS[0], 2)  # the first of everything takes longer
        for clients in CLIENTS:
            for away in (False, True):
                say(f"{clients} clients, Temporal {'away' if away else 'there'}")
                rows += await _rows(found, clients, each, away=away)
        for clients in CLIENTS:
            say(f"{clients} second purchases at once")
            rows += _latency_rows(clients, await _latencies(found, clients))
    return rows


async def _rows(found: Ground, clients: int, each: int, *, away: bool) -> list[Row]:
    pid = found.pid("temporal")
    if away:
        os.kill(pid, signal.SIGSTOP)
    try:
        took_s, answers = await _acknowledged(found, clients, each)
    finally:
        os.kill(pid, signal.SIGCONT)
    spans = by_millisecond(answers)
    what = f"{clients} clients, Temporal {'away' if away else 'there'}"
    note = f"p50 {median(spans):.0f} ms, p99 {percentile(spans, 99):.0f} ms; {len(spans)} answered 202"
    return [Row(f"webhooks a second: {what}", len(spans) / took_s, "", note=note)]


async def _acknowledged(found: Ground, clients: int, each: int) -> tuple[float, list[float]]:
    """The wall time, and the seconds that each answer took."""
    begun_s = time.perf_counter()
    spans = await asyncio.gather(*(_client(found, each) for _ in range(clients)))
    return time.perf_counter() - begun_s, [span for mine in spans for span in mine]


async def _client(found: Ground, each: int) -> list[float]:
    spans = []
    async with httpx.AsyncClient(base_url=found.up.api_url, timeout=30, trust_env=False) as http:
        senders = Senders(http, found.secrets)
        for _ in range(each):
            body = _checkout(f"{uuid4().hex}@people.example", BASICS)
            # Not paid yet: everything but the journeys that a purchase would begin.
            body["data"]["object"]["payment_status"] = "unpaid"
            begun_s = time.perf_counter()
            (await senders.stripe(body)).raise_for_status()
            spans.append(time.perf_counter() - begun_s)
    return spans


def _checkout(email: str, product: str) -> dict[str, Any]:
    return stripe_checkout(email=email, name="Bea", products=[product], amount=PRICE, at=datetime.now(UTC))


async def _latencies(found: Ground, people: int) -> list[float]:
    """Seconds from the commit of a second purchase to its signal."""
    emails = [f"{uuid4().hex}@people.example" for _ in range(people)]
    listed = ", ".join(f"'{email}'" for email in emails)
    journeys = "FROM journeys j JOIN contacts c ON c.id = j.contact_id"
    mine = f"{journeys} WHERE j.sequence = 'purchase_followup' AND c.email IN ({listed})"
    await asyncio.gather(*(found.senders.stripe(_checkout(email, BASICS)) for email in emails))
    await found.until(f"SELECT count(*) {mine} AND j.step = 'purchase_day_5'", people)
    await asyncio.gather(*(found.senders.stripe(_checkout(email, PRACTICE)) for email in emails))
    await found.until(f"SELECT count(*) {mine} AND j.notified > 1", people)
    newest = f"SELECT j.workflow_id, (SELECT max(e.received_at) FROM events e WHERE e.contact_id = c.id) {mine}"
    return [await _latency(found, str(row[0]), row[1]) for row in await found.rows(newest)]


async def _latency(found: Ground, workflow_id: str, committed_at: object) -> float:
    async for event in found.client.get_workflow_handle(workflow_id).fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED and isinstance(committed_at, datetime):
            return (event.event_time.ToDatetime().replace(tzinfo=UTC) - committed_at).total_seconds()
    message = f"{workflow_id} was not signalled"
    raise LookupError(message)


def _latency_rows(people: int, spans_s: list[float]) -> list[Row]:
    spans = by_millisecond(spans_s)
    note = f"p99 {percentile(spans, 99):.0f} ms"
    return [Row(f"from the event to the signal, {people} at once: p50", median(spans), "ms", digits=0, note=note)]
