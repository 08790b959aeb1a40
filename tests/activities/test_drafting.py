"""What drafts cost is written down, and a month's cap is kept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel
from temporalio.testing import ActivityEnvironment

from activities.drafting import Drafter, OverBudget
from domain.clock import Clock
from domain.content import LinkedInPost
from domain.errors import ProviderError
from domain.marketing import Marketing
from domain.writers import Price, WriterRules, month
from providers.llm.offline import OfflineWriter
from providers.protocols import Usage, Writer, WritingRequest, Written
from store import writer_calls
from store.base import now
from store.db import Database
from store.writer_calls import WriterCall
from tests.activities.content_kit import CLOCK, marketing

PRICES = {
    "small": Price(input=Decimal(1), output=Decimal(2)),
    "small-large": Price(input=Decimal(100), output=Decimal(200)),
}
# One call: a thousand tokens in, five hundred out, by the first of these.
COST = Decimal("0.002")
RESERVED = PRICES["small"].of(16_000, 4_000)


class Paid:
    """A model that counts its calls. `fault` is raised after it was paid; `pause` is how long each takes."""

    name = "paid"

    def __init__(self, *, model: str = "small-2026", fault: ProviderError | None = None, pause: float = 0) -> None:
        self.model, self.fault, self.pause, self.calls = model, fault, pause, 0

    def model_for(self, kind: str) -> str:  # noqa: ARG002 - the protocol's
        return self.model

    def prompt_for(self, kind: str) -> str:
        return f"version of {kind}"

    async def write(self, request: WritingRequest[Any]) -> Written[Any]:
        self.calls += 1
        await asyncio.sleep(self.pause)
        assert request.watch
        request.watch.called(Usage(self.model, 1_000, 500, 0.5))
        if self.fault:
            raise self.fault
        value = request.shape.model_validate({"text": "Imports are faster now."})
        return Written(value=value, model=self.model, offline=False, input_tokens=1_000, output_tokens=500)

    async def aclose(self) -> None:
        return


def rules(cap: str | None = None) -> Marketing:
    given = WriterRules(prices=PRICES, monthly_cap_usd=Decimal(cap) if cap else None)
    return marketing().model_copy(update={"writers": given})


@pytest.fixture(autouse=True)
async def no_calls(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(WriterCall.__table__.delete())  # type: ignore[attr-defined]


async def draft(
    db: Database, writer: Writer, given: Marketing, key: str = "", review_id: UUID | None = None
) -> Written[BaseModel] | str:
    doing = Drafter(db, writer, given, CLOCK)
    request = WritingRequest("linkedin", LinkedInPost, source={"body": "Faster imports."}, key=key or str(uuid4()))
    answer: Written[BaseModel] | str = await ActivityEnvironment().run(doing.draft, request, review_id)  # type: ignore[arg-type]
    return answer


async def rows(db: Database, review_id: UUID) -> list[WriterCall]:
    async with db.transaction() as tx:
        return await writer_calls.of_review(tx, review_id)


async def test_a_draft_knows_model_prompt_tokens_money_and_time(db: Database) -> None:
    review_id = uuid4()
    await draft(db, Paid(), rules(), review_id=review_id)
    [call] = await rows(db, review_id)
    assert (call.state, call.model, call.prompt, call.offline) == (
        "answered", "small-2026", "version of linkedin", False
    )  # fmt: skip
    assert (call.input_tokens, call.output_tokens, call.cost_usd, call.latency_s) == (1_000, 500, COST, 0.5)
    assert (call.attempts, call.reserved_usd) == (1, Decimal(0))


async def test_an_answer_that_cannot_be_used_was_paid_for_too(db: Database) -> None:
    review_id, paid = uuid4(), Paid(fault=ProviderError("malformed"))
    for _ in range(2):
        with pytest.raises(ProviderError):
            await draft(db, paid, rules(), key="the same", review_id=review_id)
    [call] = await rows(db, review_id)
    assert (call.state, call.attempts, call.cost_usd) == ("malformed", 2, 2 * COST)


async def test_the_offline_writer_costs_nothing_and_is_never_held(db: Database) -> None:
    review_id = uuid4()
    assert not isinstance(await draft(db, OfflineWriter(), rules("0"), review_id=review_id), str)
    [call] = await rows(db, review_id)
    assert (call.model, call.offline, call.cost_usd) == ("offline", True, Decimal(0))


async def test_a_model_whose_price_is_not_known_costs_nobody_knows_what(db: Database) -> None:
    review_id = uuid4()
    await draft(db, Paid(model="other"), rules(), review_id=review_id)
    assert [call.cost_usd for call in await rows(db, review_id)] == [None]
    refused = await draft(db, Paid(model="other"), rules("5"))
    assert isinstance(refused, str)
    assert "writers.prices" in refused


async def test_a_month_whose_budget_is_used_up_asks_nobody_and_says_until_when(db: Database) -> None:
    cap, paid = str(RESERVED + COST), Paid()
    await draft(db, paid, rules(cap))
    await draft(db, paid, rules(cap))
    with pytest.raises(OverBudget) as full:
        await draft(db, paid, rules(cap))
    assert paid.calls == 2
    assert str(full.value) == f"The writers' budget of ${Decimal(cap):,.2f} for {now():%B} is used up."
    assert now() < full.value.until <= now() + timedelta(hours=1)
    raised = str(Decimal(cap) * 2)
    assert not isinstance(await draft(db, paid, rules(raised)), str)


async def test_drafts_side_by_side_do_not_pass_the_cap_together(db: Database) -> None:
    cap, paid = str(3 * RESERVED), Paid(pause=0.3)
    came = await asyncio.gather(*(draft(db, paid, rules(cap)) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(one, OverBudget) for one in came) == 7
    assert paid.calls == 3


async def test_what_a_dead_worker_was_asking_is_reserved_once(db: Database) -> None:
    call = WriterCall(key="k", kind="linkedin", model="small", cost_usd=Decimal(0), reserved_usd=RESERVED)
    async with db.transaction() as tx:
        for _ in range(3):
            assert await writer_calls.begun(tx, call, RESERVED, CLOCK)
        assert await writer_calls.spent(tx, CLOCK) == RESERVED


def test_a_month_is_the_clocks() -> None:
    epoch = datetime(2026, 11, 1, tzinfo=UTC)
    first, following = month(epoch + timedelta(hours=1), Clock(epoch, 24.0))
    assert (first, following) == (epoch, epoch + timedelta(hours=30))
    assert month(datetime(2026, 12, 31, tzinfo=UTC), CLOCK)[1] == datetime(2027, 1, 1, tzinfo=UTC)


def test_the_longest_name_that_a_models_begins_with_is_its_price() -> None:
    found = WriterRules(prices=PRICES)
    assert found.price_of("small-large-2026-01-01") == PRICES["small-large"]
    assert found.price_of("small-2026") == PRICES["small"]
    assert found.price_of("other") is None
