"""F14: two people, double clicks, edits after approval, expiry, and workers killed in between: one decision each."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.faults.drafts import decision, waiting_reviews
from tests.faults.ground import Ground
from tests.faults.kit import Sender, Verdict, chance, judge, of, until
from tests.faults.wire import Answer

REVIEWS, CONTROLS, KILLS = 50, 4, 3
# In turns: what waits for a person expires after twenty seconds.
TURNS = of(1, 10)
WAYS = ("race", "race", "edit after approval", "edit and approve", "left", "at its expiry")
STATES = {"approve": "approved", "reject": "rejected"}
EXPIRES_AFTER_S = 20

pytestmark = pytest.mark.timeout(1_800)


@dataclass(slots=True)
class Case:
    """One review, what people do to it, what they were answered, and the words that they saw last."""

    id: str
    way: str
    body: dict[str, Any]
    answers: list[tuple[str, Answer]] = field(default_factory=list)

    @property
    def decisions(self) -> list[str]:
        """The final decisions that were answered 200."""
        return [action for action, answer in self.answers if answer.ok and action in STATES]


async def test_each_review_is_decided_once_and_nothing_unapproved_is_published(
    product: Ground, tell: Callable[[Verdict], None]
) -> None:
    """The control decides by reading first and writing then."""
    luck, cases, twice = chance("F14"), list[Case](), 0
    for turn in range(TURNS):
        found = await waiting_reviews(product, f"f14-{turn}", REVIEWS + CONTROLS)
        people = _People(product, luck)
        mine = [Case(one["id"], luck.choice(WAYS), one["body"]) for one in found[:REVIEWS]]
        twice += await _control(product, [one["id"] for one in found[REVIEWS:]])
        await asyncio.gather(_kill(product, luck), *(people.play(case) for case in mine))
        assert await until(lambda: _over(product), 150, 0.5), "reviews are stuck"
        cases += mine

    rows = {row[0]: row[1:] for row in await product.rows(_ROWS)}
    posts = {key: sorted(texts) for key, texts in await product.rows(_PUBLISHED)}
    wanted = {case.id: STATES[case.decisions[0]] if case.decisions else "expired" for case in cases}
    verdict = judge("F14", wanted.items(), [(case.id, rows[case.id][0]) for case in cases], _notes(cases, wanted))
    tell(verdict)
    tell(Verdict("F14 control", 0, twice, TURNS * CONTROLS, "decided twice"))
    assert verdict.clean
    assert all(len(case.decisions) <= 1 for case in cases)
    assert {case.id: rows[case.id][1] for case in cases} == dict.fromkeys(wanted, 1), "one decision each in the audit"
    approved = {case.id: _texts(case.body) for case in cases if wanted[case.id] == "approved"}
    assert {key: posts[key] for key in posts if key in wanted} == approved
    assert twice == TURNS * CONTROLS


_ROWS = """
    SELECT r.id::text, r.state, (SELECT count(*)::int FROM audit a WHERE a.target = 'review:' || r.id AND a.action IN
        ('review.approve', 'review.edit_and_approve', 'review.reject', 'review.expire'))
    FROM reviews r WHERE title LIKE 'f14-%'
"""
# What went out, and what was given to the team since nobody can post it for them, by the review.
_PUBLISHED = """
    SELECT key, texts FROM posts UNION ALL
    SELECT right(url, 36), to_jsonb(string_to_array(text, E'\\n\\n')) FROM notifications
        WHERE title LIKE 'Approved, for you to use%'
"""
_OPEN = """
    SELECT count(*) FROM reviews WHERE title LIKE 'f14-%' AND (state IN ('pending', 'regenerated')
        OR (state = 'approved' AND published_at IS NULL))
"""


async def _over(product: Ground) -> bool:
    return not await product.count(_OPEN)


def _notes(cases: list[Case], wanted: dict[str, str]) -> str:
    ends, told = Counter(wanted.values()), sum(answer.status == 409 for case in cases for _, answer in case.answers)
    counted = ", ".join(f"{count} {state}" for state, count in sorted(ends.items()))
    return f"{counted}, {told} told who was first"


def _texts(body: dict[str, Any]) -> list[str]:
    """What of a draft is published: all but the writer's note."""
    parts = [value for name, value in body.items() if name != "note"]
    return sorted(text for part in parts for text in (part if isinstance(part, list) else [part]))


class _People:
    """Nadia and Tom, each with a mouse that clicks twice."""

    def __init__(self, product: Ground, luck: random.Random) -> None:
        self._product, self._luck, self._sender = product, luck, Sender(product.wires)
        self._since = asyncio.get_running_loop().time()

    async def play(self, case: Case) -> None:
        """What they do to one review."""
        if case.way == "left":
            return
        delay_s = EXPIRES_AFTER_S - 2 if case.way == "at its expiry" else self._luck.uniform(0, 8)
        wait_s = self._since + delay_s + self._luck.uniform(0, 3) - asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, wait_s))
        if case.way in {"race", "at its expiry"}:
            await asyncio.gather(*(self._click_twice(case, name) for name in ("Nadia", "Tom")))
        elif case.way == "edit after approval":
            await self._do(case, "approve", "Nadia")
            await self._do(case, "edit", "Tom", body=_edited(case.body, "after"))
        else:
            await self._edit_and_approve(case)

    async def _click_twice(self, case: Case, name: str) -> None:
        action = self._luck.choice(list(STATES))
        await asyncio.gather(*(self._do(case, action, name, wire=wire) for wire in (0, 1)))

    async def _edit_and_approve(self, case: Case) -> None:
        """Nadia edits what Tom looks at: his approval of the older words decides nothing."""
        body = _edited(case.body, "before")
        edit = await self._do(case, "edit", "Nadia", body=body, draft=1)
        old = await self._do(case, "approve", "Tom", draft=1)
        if edit.ok:
            assert old.status == 409, "an approval of older words was taken"
            case.body = body
            await self._do(case, "approve", "Tom", draft=2)

    async def _do(self, case: Case, action: str, name: str, *, wire: int = 0, **given: Any) -> Answer:
        request = decision(case.id, action, self._product.keys[name], **given)
        answer = await self._sender.once(request, wire=wire)
        assert answer is not None
        assert answer.status in {200, 409}, answer.body
        case.answers.append((action, answer))
        return answer


def _edited(body: dict[str, Any], word: str) -> dict[str, Any]:
    """The same asset with a word of a person's in its first text."""
    name = next(key for key in body if key != "note")
    text = body[name]
    first = text[0] if isinstance(text, list) else text
    changed = f"{word} {first}"[: len(first)].rstrip()  # as it is kept: without blank edges
    return {**body, name: [changed, *text[1:]] if isinstance(text, list) else changed}


async def _kill(product: Ground, luck: random.Random) -> None:
    for _ in range(KILLS):
        await asyncio.sleep(luck.uniform(1, 4))
        await product.kill_some_worker(luck)


async def _control(product: Ground, reviews: list[str]) -> int:
    """How many reviews two people have decided on, each answered that it was them."""

    async def decide(review: str, state: str) -> bool:
        if await product.count("SELECT count(*) FROM reviews WHERE id = :id AND state = 'pending'", id=review):
            await asyncio.sleep(0.1)
            await product.run("UPDATE reviews SET state = :state WHERE id = :id", id=review, state=state)
            return True
        return False

    answers = [await asyncio.gather(decide(one, "rejected"), decide(one, "expired")) for one in reviews]
    return sum(all(pair) for pair in answers)
