"""F16: a GET of an unsubscribe link changes nothing, as mail scanners follow links; a POST is in force at once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request as Asked
from werkzeug import Response

from tests.faults.ground import Ground
from tests.faults.kit import Sender, Verdict, batches, of, until
from tests.faults.wire import Answer, wire

EACH = of(100, 1_000)
CONTROLS = of(5, 20)
MAILED_AGAIN = of(20, 100)
FORM = {"content-type": "application/x-www-form-urlencoded"}

pytestmark = pytest.mark.timeout(1_800)


@dataclass(frozen=True, slots=True)
class Found:
    """What a round of requests led to."""

    unsubscribed: int
    redirects: int
    cookies: int
    not_ok: int


async def test_a_get_changes_nothing_and_a_post_is_in_force(
    product: Ground, tell: Callable[[Verdict], None], httpserver: HTTPServer
) -> None:
    """The control is a page that acts when it is loaded."""
    links = await _links(product, "f16-", 2 * EACH + CONTROLS)
    emails = list(links)
    scanned, pressed, controls = emails[:EACH], emails[EACH : 2 * EACH], emails[2 * EACH :]

    by_get = await _found(product, scanned, [await _look(product, links[email], n) for n, email in enumerate(scanned)])
    answers = [
        await product.wires[n % 2].post(links[email], b"List-Unsubscribe=One-Click", FORM)
        for n, email in enumerate(pressed)
    ]
    by_post = await _found(product, pressed, answers)
    by_control = await _found(
        product, controls, await _control(product, httpserver, [links[email] for email in controls])
    )
    mailed = await _mailed_again(product, scanned[:MAILED_AGAIN], pressed[:MAILED_AGAIN])

    tell(
        Verdict(
            "F16 GET",
            0,
            by_get.unsubscribed,
            EACH,
            f"effective; {by_get.redirects} redirects, {by_get.cookies} cookies",
        )
    )
    tell(
        Verdict(
            "F16 POST",
            EACH - by_post.unsubscribed,
            0,
            EACH,
            f"not effective; then mailed {mailed[1]} of {MAILED_AGAIN}",
        )
    )
    tell(
        Verdict(
            "F16 control", 0, by_control.unsubscribed, CONTROLS, f"effective by GET; {by_control.redirects} redirects"
        )
    )
    assert by_get == Found(0, 0, 0, 0)
    assert by_post == Found(EACH, 0, 0, 0)
    assert mailed == (MAILED_AGAIN, 0)
    assert by_control == Found(CONTROLS, CONTROLS, CONTROLS, CONTROLS)


async def _links(product: Ground, part: str, count: int) -> dict[str, str]:
    """People who got a marketing mail, with the path of the link in its header."""
    people = [{"id": f"{part}{n}", "type": "fault_offer", "email": f"{part}{n}@people.example"} for n in range(count)]
    sender = Sender(product.wires)
    await sender.tell_all(batches(part, people, product.key), at_once=2)

    async def ask() -> bool:
        return len(product.provider.lines("accepted", part)) >= count

    assert await until(ask, of(120, 600)), "the mails do not come"
    return {line.to: "/u/" + line.unsubscribe.partition("/u/")[2] for line in product.provider.lines("accepted", part)}


async def _look(product: Ground, path: str, number: int) -> Answer:
    return await product.wires[number % 2].ask("GET", path, b"")


async def _found(product: Ground, emails: list[str], answers: list[Answer]) -> Found:
    gone = await product.count(
        "SELECT count(*) FROM contacts WHERE opted_out_at IS NOT NULL AND email = ANY(:emails)", emails=emails
    )
    return Found(
        gone,
        sum("location" in answer.headers or 300 <= answer.status < 400 for answer in answers),
        sum("set-cookie" in answer.headers for answer in answers),
        sum(not answer.ok for answer in answers),
    )


async def _mailed_again(product: Ground, scanned: list[str], pressed: list[str]) -> tuple[int, int]:
    """How many of these people still get marketing mail."""
    before = len(product.provider.lines("accepted", "f16-"))
    items = [{"id": f"again-{email}", "type": "fault_offer", "email": email} for email in [*pressed, *scanned]]
    await Sender(product.wires).tell_all(batches("again", items, product.key))
    assert await product.drained("f16-", 60)
    later = [line.to for line in product.provider.lines("accepted", "f16-")[before:]]
    return sum(email in later for email in scanned), sum(email in later for email in pressed)


async def _control(product: Ground, server: HTTPServer, paths: list[str]) -> list[Answer]:
    """GETs of a page that unsubscribes whoever loads it, remembers them and leads on."""

    def act(asked: Asked) -> Response:
        press = Request(product.up.api_url + asked.path, b"List-Unsubscribe=One-Click", FORM)
        build_opener(ProxyHandler({})).open(press).read()
        return Response(json.dumps({}), 302, {"location": "/bye", "set-cookie": "seen=1"})

    server.expect_request(re.compile("/u/.*")).respond_with_handler(act)
    async with wire(server.url_for("")) as page:
        return [await page.get(path) for path in paths]
