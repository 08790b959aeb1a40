"""F10: forged webhooks are refused, each of them; while secrets are rotated no genuine one is lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from demo import bodies
from tests.faults.forgeries import SIGNATURE, Forger
from tests.faults.ground import Ground
from tests.faults.kit import Sender, Verdict, chance, judge, of
from tests.faults.vendors import SOURCES, charge
from tests.faults.wire import Wire, wire

ROUNDS = of(2, 12)
ROTATED = of(50, 500)

pytestmark = pytest.mark.timeout(1_800)


async def test_every_forgery_is_refused(
    product: Ground, tell: Callable[[Verdict], None], httpserver: HTTPServer
) -> None:
    """The control looks only whether there is a signature."""
    accepted: Counter[str] = Counter()
    errors = tried = 0
    for number in range(ROUNDS):
        for source in SOURCES:
            for how, answer in await _try(product, product.wires[number % 2], source, f"f10-forged-{number}"):
                tried += 1
                errors += answer >= 500
                accepted[f"{source}: {how}"] += answer < 400
    taken = +accepted
    tell(Verdict("F10", 0, taken.total(), tried, f"forgeries accepted; {errors} answers of 5xx"))
    httpserver.expect_request("/webhooks/stripe").respond_with_handler(_gullible)
    async with wire(httpserver.url_for("")) as naive:
        gullible = sum(status < 400 for _, status in await _try(product, naive, "stripe", "f10-control"))
    tell(Verdict("F10 control", 0, gullible, len(Forger(product.vendors, "stripe", b"{}").all()), "forgeries accepted"))
    assert not taken
    assert not errors
    assert not await product.count("SELECT count(*) FROM events WHERE position('f10-forged-'::bytea IN raw) > 0")
    assert gullible > 0


async def test_no_genuine_webhook_is_lost_while_secrets_are_rotated(
    product: Ground, tell: Callable[[Verdict], None]
) -> None:
    """One API knows both secrets. The other one has taken the old ones out: what they sign is the control there."""
    luck = chance("F10")
    both, new_only = Sender([product.wires[0]], tries=1), Sender([product.wires[1]], tries=1)
    names: list[str] = []
    for number in range(ROTATED):
        source, which = SOURCES[number % len(SOURCES)], luck.choice(("old", "new"))
        name, content = _genuine(source, f"f10-rotated-{number}")
        names.append(name)
        delivery = product.vendors.deliver(source, name, content, which)
        if which == "old":
            await new_only.once(delivery)
        await both.once(delivery)
    stored = await product.rows(_STORED)
    verdict = judge("F10 rotation", names, [_known(str(row[0]), names) for row in stored])
    tell(verdict)
    tell(
        Verdict("F10 rotation control", new_only.others.total(), 0, ROTATED, "signed with a secret that was taken out")
    )
    assert verdict.clean
    assert not new_only.taken
    assert new_only.others["400"] == new_only.others.total() > 0


_STORED = """
    SELECT coalesce(payload->>'tag', payload->>'key', sender_id) FROM events
    WHERE position('f10-rotated-'::bytea IN raw) > 0
"""


def _known(found: str, names: list[str]) -> str:
    return next((name for name in names if found.endswith(name)), found)


async def _try(product: Ground, target: Wire, source: str, name: str) -> list[tuple[str, int]]:
    _, content = _genuine(source, name)
    forgeries = Forger(product.vendors, source, json.dumps(content).encode()).all()
    path = f"/webhooks/{source}"
    return [(how, (await target.post(path, body, headers)).status) for how, (headers, body) in forgeries.items()]


def _genuine(source: str, name: str) -> tuple[str, Any]:
    """What the source sends, with `name` in it, by which it is found again."""
    now = datetime.now(UTC)
    email = f"{name}@people.example"
    if source == "stripe":
        return name, charge(name, email)
    if source == "calendly":
        invitee = f"https://api.calendly.com/scheduled_events/e/invitees/{name}"
        return name, bodies.calendly_canceled(email=email, name="", invitee=invitee, starts_at=now, at=now)
    if source == "github":
        release = bodies.github_release(repository="f10/tool", release_id=1, tag=name, name="", body="", at=now)
        return name, release
    if source == "cms":
        return name, {"id": name, "title": name, "url": f"https://blog.example/{name}", "body": name}
    if source == "resend":
        data = {"email_id": name, "to": [email], "tags": {"perennial_key": name}, "created_at": now.isoformat()}
        return name, {"type": "email.delivered", "created_at": now.isoformat(), "data": data}
    item = {"event": "delivered", "sg_event_id": name, "email": email, "timestamp": int(now.timestamp())}
    return name, [item | {"sg_message_id": uuid4().hex, "perennial_key": name}]


def _gullible(request: Request) -> Response:
    return Response("{}", 202 if request.headers.get(SIGNATURE["stripe"]) else 400)
