"""F5: the provider throttles, fails, hangs up, is away, says nothing; each mail is accepted once, refusals shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from tests.faults.ground import Ground
from tests.faults.kit import Sender, Verdict, batches, chance, judge, of

SENDS = of(120, 5_000)
CONTROLS = of(10, 200)
NEVER = of(10, 200)
# How often it goes away, each time long enough that whoever connects meets the time limit of 5 s.
AWAYS, AWAY_MS = of(2, 40), 6_500
WISH_S = 3
# Beyond the 10 s that a call may take: it has accepted, and nobody hears of it.
SILENT_MS = 11_000
FAULTS = (f"limit{WISH_S}", "error", "reset", f"mute{SILENT_MS}")
LANES = ("fault_offer", "fault_note")
DRAINED_WITHIN_S = of(240, 1_500)

pytestmark = pytest.mark.timeout(1_800)


async def test_whatever_the_provider_does_each_mail_is_accepted_once(
    product: Ground, tell: Callable[[Verdict], None]
) -> None:
    """The provider of the controls remembers no keys: its silence must then bring duplicates."""
    luck = chance("F5")
    people = _people(luck)
    never = [f"f5-{number}+never@keyed.example" for number in range(NEVER)]
    controls = [f"f5-control-{number}+mute{SILENT_MS}@forgetful.example" for number in range(CONTROLS)]
    plan = {email: luck.choice(LANES) for email in [*people, *never, *controls]}
    events = [{"id": email, "type": lane, "email": email} for email, lane in plan.items()]
    await Sender(product.wires).tell_all(batches("f5", events, product.key), at_once=2)
    assert await product.drained("f5-", DRAINED_WITHIN_S), "messages or journeys are stuck"
    assert not await product.temporal_left("fault_"), "workflows are stuck"

    attempts = {row[0]: row[1] for row in await product.rows(_ATTEMPTS)}
    called = Counter(line.to for line in product.provider.lines("called", "f5-"))
    unmade = sum(max(attempts[email] - called[email], 0) for email in plan)
    seen = product.provider.accepted("f5-")
    notes = f"{unmade} connections not made, {len(product.provider.lines('repeated', 'f5-'))} calls repeated"
    wanted = [(email, plan[email]) for email in people]
    verdict = judge("F5", wanted, [one for one in seen if "control" not in one[0]], notes)
    control = judge("F5 control", [(email, plan[email]) for email in controls], [s for s in seen if "control" in s[0]])
    tell(verdict)
    tell(control)
    assert verdict.clean
    assert control.duplicate > 0
    assert not control.lost
    assert unmade >= SENDS // 10
    _kept_waiting(product, people)
    await _shown_at_once(product, never, called)


def _people(luck: Random) -> list[str]:
    """One in ten of each fault, and a few who send it away, so that one call in ten or more finds nobody."""
    parts = [part for fault in FAULTS for part in [f"+{fault}"] * (SENDS // 10)]
    parts += [""] * (SENDS - len(parts))
    luck.shuffle(parts)
    for place in range(AWAYS):
        parts[place * SENDS // AWAYS + 10] = f"+away{AWAY_MS}"
    return [f"f5-{number}{part}@keyed.example" for number, part in enumerate(parts)]


def _kept_waiting(product: Ground, people: list[str]) -> None:
    """Who was asked to wait is asked again after that time and no earlier.

    Where the provider went away in between, its wish may have been lost with the connection: nobody could keep it.
    """
    gone = [line.at for line in product.provider.lines("away", "f5-")]
    waits = [[line.at for line in product.provider.about(email, "called")] for email in people if "+limit" in email]
    heard = [(first, second) for first, second in waits if not any(first < at < second for at in gone)]
    assert heard
    assert min(second - first for first, second in heard) >= WISH_S


async def _shown_at_once(product: Ground, never: list[str], called: Counter[str]) -> None:
    """What is refused for good was asked for once, and stands among the failed messages."""
    failed = {(row[0], row[1]) for row in await product.rows(_FAILED)}
    assert failed == {(email, "rejected") for email in never}
    assert {called[email] for email in never} == {1}


_ATTEMPTS = "SELECT recipient, attempts FROM messages WHERE recipient LIKE 'f5-%'"
_FAILED = "SELECT recipient, reason FROM messages WHERE state = 'failed' AND recipient LIKE 'f5-%'"
