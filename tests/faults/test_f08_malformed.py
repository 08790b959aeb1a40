"""F8: whatever is sent, no answer is a 5xx, and nothing that was not signed or has no key is accepted."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from sqlalchemy import text
from werkzeug import Request, Response

from embedded.ports import free_port
from embedded.processes import Child
from embedded.services import Program
from settings import SOURCE, Settings
from store.access import create_key
from store.db import Database
from tests.faults.genuine import EVENTS, FORM, WEBHOOKS
from tests.faults.kit import Verdict, bearer, chance, of, until
from tests.faults.malformed import CORPUS, Mill
from tests.faults.vendors import SOURCES, Vendors
from tests.faults.wire import Wire

EACH = of(1_000, 10_000)
AT_ONCE = 8
REVIEWS = 50
JSON = {"content-type": "application/json"}
HTML = {"content-type": "application/x-www-form-urlencoded"}

pytestmark = pytest.mark.timeout(3_600)


@dataclass(frozen=True, slots=True)
class Try:
    """One request. `may` is whether it could be accepted: it is signed, or has a key."""

    path: str
    body: bytes
    headers: Mapping[str, str]
    may: bool


@dataclass(frozen=True, slots=True)
class Target:
    """An API, who signs for it, a key of it, and reviews that wait in it."""

    wire: Wire
    vendors: Vendors
    key: str
    reviews: list[str]


_REVIEWS = """
    WITH release AS (
        INSERT INTO events (id, key, type, source, occurred_at, received_at, payload, raw, client_side, state,
            attempts, duplicates)
        VALUES (gen_random_uuid(), 'f8', 'release_published', 'github', now(), now(), '{"body": "It is here."}', '',
            false, 'routed', 0, 0)
        RETURNING id
    ), waiting AS (
        INSERT INTO reviews (id, origin, kind, channel, title, state, required, draft, body, digest, offline, model,
            instructions, reason, waiting_since, asked_at, revision, notified, workflow_id, created_at)
        SELECT gen_random_uuid(), release.id, 'linkedin', 'linkedin', 'f8', 'pending', true, 1, '{"text": "Old"}', 'd',
            true, '', '', '', now(), now(), 1, 1, '', now()
        FROM release, generate_series(1, :count)
        RETURNING id
    )
    INSERT INTO drafts (review_id, draft, body, digest, author, human, instructions, created_at)
    SELECT id, 1, '{"text": "Old"}', 'd', 'f8', false, '', now() FROM waiting
"""


@pytest.fixture(scope="module")
async def api(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    """An API process on a database of its own, without workers: nothing of this is to be carried out."""
    vendors, port = Vendors(), free_port()
    settings = Settings(
        _env_file=None,
        api_port=port,
        database_url=SecretStr(database_url),
        secret_key=SecretStr("f8" * 20),
    ).model_copy(update={name: SecretStr(value) for name, value in vendors.settings(("new",)).items()})
    child = _start(settings, tmp_path_factory.mktemp("f8"))
    wire = Wire(f"http://127.0.0.1:{port}")
    db = Database(database_url, pool_size=1)
    try:
        assert await until(lambda: _answers(wire), 60, 0.1), child.last_words()
        async with db.transaction() as tx:
            key = await create_key(tx, "marketer", "f8")
            await tx.execute(text(_REVIEWS), {"count": REVIEWS})
            found = await tx.execute(text("SELECT id::text FROM reviews"))
            reviews = [row[0] for row in found]
        yield Target(wire, vendors, key, reviews)
    finally:
        await asyncio.gather(wire.aclose(), db.aclose(), Program(child).stop())


async def test_no_malformed_body_breaks_anything_or_is_accepted_unsigned(
    api: Target, tell: Callable[[Verdict], None], httpserver: HTTPServer
) -> None:
    """The control reads JSON as if it always were some, and asks for no signature."""
    luck = chance("F8")
    mill = Mill(luck, of(600, 3_000))
    broken: list[str] = []
    unsigned: list[str] = []
    statuses: Counter[int] = Counter()
    endpoints = _endpoints(mill, luck, api)
    for name, tries in endpoints.items():
        for one, status in await _ask(api.wire, tries):
            statuses[status] += 1
            if status >= 500:
                broken.append(f"{name} {status} {one.body[:300]!r}")
            if status < 400 and not one.may:
                unsigned.append(f"{name} {status} {one.body[:300]!r}")
    answers = ", ".join(f"{count} of {status}" for status, count in sorted(statuses.items()))
    tell(Verdict("F8", len(broken), len(unsigned), statuses.total(), f"broken and let in; answers: {answers}"))
    httpserver.expect_request("/control").respond_with_handler(_gullible)
    control = [status for _, status in await _ask(Wire(httpserver.url_for("")), _controls())]
    broke, let_in = sum(status >= 500 for status in control), sum(status < 400 for status in control)
    tell(Verdict("F8 control", broke, let_in, len(control), "broken and let in"))
    assert not broken, broken[:5]
    assert not unsigned, unsigned[:5]
    assert statuses[202] > EACH / 10
    assert broke
    assert let_in


def _endpoints(mill: Mill, luck: random.Random, api: Target) -> dict[str, Iterator[Try]]:
    """Every endpoint that takes a body, with its malformed requests."""

    def webhook(source: str) -> Iterator[Try]:
        for number, body in enumerate(mill.json(WEBHOOKS[source], EACH)):
            signed = number % 3 == 0
            headers = api.vendors.sign(source, body, "new" if signed else "strange")
            yield Try(f"/webhooks/{source}", body, headers if signed or number % 3 == 1 else JSON, signed)

    def events() -> Iterator[Try]:
        for number, body in enumerate(mill.json(EVENTS, EACH)):
            known = number % 4 != 0
            yield Try("/v1/events", body, bearer(api.key) if known else JSON, known)

    def reviews() -> Iterator[Try]:
        for number, body in enumerate(mill.json([{"body": {"text": "New words"}, "approve": True, "draft": 1}], EACH)):
            action = ("approve", "edit", "reject", "regenerate")[number % 4]
            known = number % 5 != 0
            yield Try(
                f"/v1/reviews/{luck.choice(api.reviews)}/{action}", body, bearer(api.key) if known else JSON, known
            )

    def form() -> Iterator[Try]:
        yield from (Try("/forms/contact", body, HTML, may=True) for body in mill.form(FORM, EACH // 2))
        yield from (
            Try("/forms/contact", body, JSON, may=True) for body in mill.json([{**FORM, "email": 7}], EACH // 2)
        )

    def unsubscribe() -> Iterator[Try]:
        for body in mill.json([{"List-Unsubscribe": "One-Click"}], EACH):
            yield Try(f"/u/{luck.choice(_TOKENS)}", body, HTML, may=False)

    known = {source: webhook(source) for source in SOURCES}
    return {**known, "events": events(), "reviews": reviews(), "form": form(), "unsubscribe": unsubscribe()}


_TOKENS = ("x", "WyJhIiwgIiJd.abc", "%00", "..%2f..%2fetc", "a" * 2_000, "%F0%9F%92%8C", "W10.W10")


async def _ask(wire: Wire, tries: Iterator[Try]) -> list[tuple[Try, int]]:
    """All of them, some at a time."""
    found: list[tuple[Try, int]] = []

    async def work() -> None:
        for one in tries:
            answer = await wire.post(one.path, one.body, one.headers)
            found.append((one, answer.status))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return found


async def _answers(wire: Wire) -> bool:
    with suppress(OSError):
        return (await wire.get("/healthz")).ok
    return False


def _start(settings: Settings, logs: Path) -> Child:
    command = [sys.executable, "-m", "uvicorn", "api.app:create_app", "--factory", "--no-access-log"]
    return Child.start(
        "api-f8",
        [*command, "--port", str(settings.api_port)],
        logs=logs,
        environment={**os.environ, **settings.environment()},
        folder=SOURCE,
    )


def _controls() -> Iterator[Try]:
    return (Try("/control", body, JSON, may=False) for body in [*CORPUS, json.dumps({"id": 1}).encode()])


def _gullible(request: Request) -> Response:
    return Response(str(json.loads(request.data)["id"]), 202)
