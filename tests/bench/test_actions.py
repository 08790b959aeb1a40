"""What a delivered mail costs in Temporal: a count, so it is asserted and not only shown."""

from __future__ import annotations

import pytest

from bench.actions import MOST_PER_MAIL, per_mail
from bench.ground import ground
from bench.histories import difference
from bench.stories import MAILS_OF_A_BUYER, MAILS_OF_A_LEAD, Stories, day_seconds, play
from embedded.progress import quiet

PEOPLE = 2


@pytest.fixture(scope="module")
async def played() -> tuple[Stories, int]:
    """The stories, and by how much the server's counter differs from what the histories hold."""
    async with ground(quiet, day_seconds=day_seconds(PEOPLE)) as found:
        stories = await play(found, PEOPLE)
        return stories, await difference(found, stories)


async def test_a_mail_of_demo_nurture_costs_two_actions_at_most(played: tuple[Stories, int]) -> None:
    stories, _ = played
    nurture, _ = per_mail(stories)
    assert stories.nurture.mails == PEOPLE * MAILS_OF_A_LEAD
    assert nurture <= MOST_PER_MAIL


async def test_a_mail_about_purchases_costs_two_actions_at_most(played: tuple[Stories, int]) -> None:
    stories, _ = played
    _, purchases = per_mail(stories)
    assert stories.purchases.mails == PEOPLE * MAILS_OF_A_BUYER
    assert purchases <= MOST_PER_MAIL


async def test_an_outside_fact_that_reaches_a_journey_costs_one_action_more(played: tuple[Stories, int]) -> None:
    stories, _ = played
    assert stories.purchases.facts == PEOPLE * 2
    assert stories.purchases.signals == stories.purchases.facts
    assert stories.nurture.signals == 0


async def test_a_lead_is_taken_in_by_four_actions(played: tuple[Stories, int]) -> None:
    stories, _ = played
    assert stories.intake.planned == PEOPLE * 4


async def test_nothing_else_is_billed(played: tuple[Stories, int]) -> None:
    stories, _ = played
    assert stories.intake.other | stories.nurture.other | stories.purchases.other == {}


async def test_the_counter_counts_what_the_histories_hold(played: tuple[Stories, int]) -> None:
    _, difference_ = played
    assert difference_ == 0
