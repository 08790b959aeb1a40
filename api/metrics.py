"""What Prometheus reads: no personal data, and no label whose values a stranger can choose."""

from __future__ import annotations

import time
from http import HTTPStatus

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from store.queries.counters import Counters

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Sources with a name of their own; `form:…` and `api:…` are made by people and are folded into one.
SOURCES = frozenset(
    {"stripe", "calendly", "github", "resend", "sendgrid", "unsubscribe", "preferences", "confirm", "form", "api"}
)
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """One application's own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "perennial_http_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "perennial_http_request_seconds",
            "Time to answer a request.",
            ["route"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self._received = Counter(
            "perennial_events_received", "Events by what became of them.", ["source", "outcome"], registry=self.registry
        )
        self._events = Gauge("perennial_events", "Events in the inbox.", ["state"], registry=self.registry)
        self._messages = Gauge("perennial_messages", "Messages in the ledger.", ["state"], registry=self.registry)

    def event(self, source: str, outcome: str) -> None:
        """Count an event that was taken."""
        family = source.partition(":")[0]
        self._received.labels(family if family in SOURCES else "other", outcome).inc()

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request, by its route's template."""
        self._requests.labels(method if method in METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def exposition(self, counters: Counters | None) -> bytes:
        """The text that Prometheus reads. Without `counters` (PostgreSQL is away) the gauges are absent."""
        self._events.clear()
        self._messages.clear()
        if counters is not None:
            for state in ("routed", "deduplicated", "rejected", "waiting"):
                self._events.labels(state).set(getattr(counters, state))
            for state in ("claimed", "calling", "sent", "failed", "unknown"):
                self._messages.labels(state).set(getattr(counters, state))
            self._messages.labels("skipped").set(sum(counters.skipped.values()))
        return generate_latest(self.registry)


class Measured:
    """ASGI middleware that counts and times every request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), int(HTTPStatus.INTERNAL_SERVER_ERROR)

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            metrics: Metrics = scope["app"].state.services.metrics
            route = getattr(scope.get("route"), "path", "unmatched")
            metrics.request(scope["method"], route, status, time.perf_counter() - began)
