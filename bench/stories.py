"""The demo-nurture and purchase stories, played for several people at once while Temporal's actions are counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.ground import PATIENCE_S, Ground, TooSlow
from bench.meters import ACTIVITY, SIGNAL, START, TIMER, actions
from demo.bodies import stripe_checkout
from demo.story.purchases import BASICS, PRACTICE, PRODUCTS, TRACING
from store.local import CrmRecord

MAILS_OF_A_LEAD, MAILS_OF_A_BUYER = 7, 6
Story = Callable[[Ground, int], Awaitable[None]]
BOUGHT_ON = ((0, BASICS), (3, PRACTICE), (9, TRACING))

_ENDED = "SELECT count(*) FROM journeys WHERE sequence = '{}' AND ended_at IS NOT NULL"
_SENT = "SELECT count(*) FROM messages WHERE state = 'sent'"
_FACTS = "SELECT count(*) FROM actions WHERE kind = 'merged'"


@dataclass(frozen=True, slots=True)
class Told:
    """What one story came to: Temporal's actions by type, mails that went out, and facts that reached a journey."""

    people: int
    actions: Counter[str]
    mails: int
    facts: int

    @property
    def planned(self) -> int:
        """Starts, timers and activities: everything but what outside facts cost."""
        return self.actions[START] + self.actions[TIMER] + self.actions[ACTIVITY]

    @property
    def signals(self) -> int:
        """Facts as they arrived in workflows."""
        return self.actions[SIGNAL]

    @property
    def other(self) -> dict[str, int]:
        """Actions of every other type, such as a timeout or a retry."""
        known = {START, TIMER, ACTIVITY, SIGNAL}
        return {kind: count for kind, count in self.actions.items() if kind not in known}


@dataclass(frozen=True, slots=True)
class Stories:
    """Leads who are clients already (so that nothing but LeadIntake runs), leads who are nurtured, and buyers."""

    intake: Told
    nurture: Told
    purchases: Told


def day_seconds(people: int) -> float:
    """Short, and yet each gap between two mails leaves time for a timer on a busy machine."""
    return 0.25 + 0.035 * people


async def play(ground: Ground, people: int) -> Stories:
    """All three, one after the other. Raises TooSlow where the machine was too slow for the clock to get every mail."""
    stories = Stories(
        intake=await _told(ground, people, _clients),
        nurture=await _told(ground, people, _leads),
        purchases=await _told(ground, people, _buyers),
    )
    found = stories.nurture.mails, stories.purchases.mails
    due = people * MAILS_OF_A_LEAD, people * MAILS_OF_A_BUYER
    if found != due:
        message = f"{found} mails of {due} went out: the others came too late for the compressed clock"
        raise TooSlow(message)
    return stories


async def _told(ground: Ground, people: int, story: Story) -> Told:
    before = await _state(ground)
    await story(ground, people)
    after = await _state(ground)
    return Told(people, after.actions - before.actions, after.mails - before.mails, after.facts - before.facts)


async def _state(ground: Ground) -> Told:
    counted = await actions(ground.http, ground.up.temporal_metrics_url or "")
    return Told(0, counted, await ground.count(_SENT), await ground.count(_FACTS))


async def _clients(ground: Ground, people: int) -> None:
    emails = [f"client-{number}@people.example" for number in range(people)]
    async with ground.db.transaction() as tx:
        tx.add_all([CrmRecord(email=email, is_client=True) for email in emails])
    await _forms(ground, emails)
    await ground.until("SELECT count(*) FROM actions WHERE kind = 'not_entered' AND target = 'demo_nurture'", people)


async def _leads(ground: Ground, people: int) -> None:
    await _forms(ground, [f"lead-{number}@people.example" for number in range(people)])
    await ground.until(_ENDED.format("demo_nurture"), people)
    await _at_rest(ground)


async def _forms(ground: Ground, emails: list[str]) -> None:
    posted = (
        ground.senders.json_form("contact", email=email, first_name="Ada", utm_source="bench") for email in emails
    )
    await asyncio.gather(*posted)


async def _buyers(ground: Ground, people: int) -> None:
    await asyncio.gather(*(_buyer(ground, f"buyer-{number}@people.example") for number in range(people)))
    await ground.until(_ENDED.format("purchase_followup"), people)
    await ground.until(_ENDED.format("order_receipt"), people * len(BOUGHT_ON))
    await _at_rest(ground)


async def _buyer(ground: Ground, email: str) -> None:
    begun = datetime.now(UTC)
    for day, product in BOUGHT_ON:
        due = begun + ground.clock.real_span(timedelta(days=day))
        await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
        amount = PRODUCTS[product][1]
        body = stripe_checkout(email=email, name="Bea", products=[product], amount=amount, at=datetime.now(UTC))
        await ground.senders.stripe(body)


async def _at_rest(ground: Ground) -> None:
    """Until every workflow has closed: the row of a journey closes before its workflow hears of the last mail."""
    for _ in range(int(PATIENCE_S * 5)):
        if not (await ground.client.count_workflows("ExecutionStatus = 'Running'")).count:
            return
        await asyncio.sleep(0.2)
    message = "workflows of the story do not close"
    raise TooSlow(message)
