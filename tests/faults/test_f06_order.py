"""F6: everything told one to five times, shuffled, up to three days late, to two APIs: it ends as in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import pytest

from tests.faults.ground import Ground
from tests.faults.kit import Sender, Verdict, chance, judge, of
from tests.faults.model import Happened, Person, ends, in_order
from tests.faults.people import APPLIED, REPEATS, people, settled
from tests.faults.stories import Author, told

PEOPLE = of(75, 500)
TIMES = (1, 1, 1, 1, 2, 2, 2, 3, 4, 5)

pytestmark = pytest.mark.timeout(1_800)


async def test_a_shuffled_story_is_applied_once_and_ends_as_in_order(
    product: Ground, tell: Callable[[Verdict], None]
) -> None:
    """The control folds what arrived, as it arrived and as often: most people must then end differently."""
    luck = chance("F6")
    authors = [Author(luck, number) for number in range(PEOPLE)]
    stories = {author.email: author.story() for author in authors}
    arrivals = [
        (one, way) for story in stories.values() for one in story for way in told(one, product.vendors, product.key)
    ]
    arrivals = [arrival for arrival in arrivals for _ in range(luck.choice(TIMES))]
    luck.shuffle(arrivals)
    sender = Sender(product.wires)
    await sender.tell_all((way for _, way in arrivals), at_once=12)
    assert await settled(product, of(200, 600)), "events are stuck"

    names = {way.name for _, way in arrivals}
    applied = await product.rows(APPLIED)
    notes = f"{len(arrivals)} deliveries of {len(names)} events to {PEOPLE} people"
    verdict = judge("F6", [(name, 1) for name in names], [tuple(row) for row in applied], notes)
    tell(verdict)
    assert verdict.clean
    assert len(sender.taken) == len(arrivals)
    assert await product.count(REPEATS) == len(arrivals) - len(names)

    found = await people(product)
    wrong = {
        email: (found[email], want)
        for email, story in stories.items()
        if (want := ends(in_order(story))) != found[email]
    }
    tell(Verdict("F6 ends", len(wrong), 0, PEOPLE, "people who end otherwise than in order"))
    assert not wrong, _difference(*next(iter(wrong.items())))
    naive = [email for email in stories if _naive([one for one, _ in arrivals if one.email == email]) != found[email]]
    tell(Verdict("F6 control", len(naive), 0, PEOPLE, "people whom a fold in the order of arrival gets wrong"))
    assert len(naive) > PEOPLE / 4


def _naive(arrived: list[Happened]) -> Person | None:
    try:
        return ends(arrived)
    except KeyError:
        return None  # It was told of something that it does not know yet.


def _difference(email: str, pair: tuple[Person, Person]) -> str:
    found, wanted = asdict(pair[0]), asdict(pair[1])
    return f"{email}: " + "; ".join(f"{k} is {found[k]}, must be {wanted[k]}" for k in wanted if found[k] != wanted[k])
