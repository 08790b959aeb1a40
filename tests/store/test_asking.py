"""One asset asked for by a person, and what is read of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from configuration import load_marketing
from domain.clock import Clock
from domain.errors import Conflict, Invalid, NotFound
from domain.sources import Block, Chapter, Document
from domain.writers import WriterRules
from store import assets, sources, writer_calls
from store.asking import Asked, ask, options
from store.base import now
from store.db import Database
from store.queries.written import asset_view, list_assets, spending
from store.writer_calls import Spent, WriterCall

MARKETING = load_marketing(Path("config"))
RULES = WriterRules(monthly_cap_usd=Decimal(2))


async def book(db: Database, title: str) -> sources.Source:
    words = [Block(kind="paragraph", text=f"Waste nothing, says {title}.")]
    document = Document(format="markdown", title=title, chapters=[Chapter(title="I", blocks=words)])
    async with db.transaction() as tx:
        row, _ = await sources.keep(tx, "book.md", document, "test")
    return row


async def test_its_place_and_title_follow_from_what_it_is_about(db: Database) -> None:
    source = await book(db, "Virtues & Vices")
    async with db.transaction() as tx:
        own = await ask(tx, Asked(kind="mini_guide", source_id=source.id), MARKETING, "user:1")
        sold = await ask(tx, Asked(kind="checklist", source_id=source.id, product="walden"), MARKETING, "user:1")
        with pytest.raises(Conflict):
            await ask(tx, Asked(kind="checklist", source_id=source.id, product="walden"), MARKETING, "user:1")
    assert (own.slug, own.title) == ("virtues-vices-mini-guide", "Virtues & Vices: mini guide")
    assert (sold.slug, sold.product, sold.state) == ("walden-checklist", "walden", "waiting")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "poem"}, "kind"),
        ({"kind": "campaign"}, "kind"),
        ({"kind": "checklist", "product": "nothing"}, "product"),
        ({"kind": "checklist", "product": "walden"}, "source_id"),
        ({"kind": "offer_bundle", "slug": "Not A Slug"}, "slug"),
    ],
)
async def test_what_cannot_be_made_is_refused_by_its_field(db: Database, given: dict[str, str], field: str) -> None:
    async with db.transaction() as tx:
        with pytest.raises(Invalid) as refused:
            await ask(tx, Asked.model_validate(given), MARKETING, "user:1")
    assert refused.value.field == field


async def test_a_funnel_needs_a_product_and_a_source_that_is_there(db: Database) -> None:
    source = await book(db, "Funnels")
    async with db.transaction() as tx:
        with pytest.raises(Invalid, match="name a product"):
            await ask(tx, Asked(kind="funnel_tripwire", source_id=source.id), MARKETING, "user:1")
        with pytest.raises(NotFound):
            await ask(tx, Asked(kind="checklist", source_id=uuid4()), MARKETING, "user:1")


def test_options_are_given_as_pairs() -> None:
    assert options(["magnet=a-checklist", "funnel = b"]) == {"magnet": "a-checklist", "funnel": "b"}
    with pytest.raises(Invalid, match="name=value"):
        options(["magnet"])


async def test_what_an_asset_cost_is_read_with_it_and_in_the_month(db: Database) -> None:
    clock, source = Clock(now()), await book(db, "Costs")
    async with db.transaction() as tx:
        row = await ask(tx, Asked(kind="checklist", source_id=source.id), MARKETING, "user:1")
        for number, cost in ((1, "0.5"), (2, "1.25")):
            key = f"{row.id}:{number}"
            call = WriterCall(key=key, review_id=row.id, kind="checklist", model="m", prompt="abc", cost_usd=Decimal(0))
            assert await writer_calls.begun(tx, call, None, clock)
            await writer_calls.ended(tx, key, Spent("answered", "m-1", 100, 20, Decimal(cost), 1.5))
        view, listed = await asset_view(tx, row.id), await list_assets(tx, cursor=None, limit=50)
        month = await spending(tx, RULES, clock)
    assert view.cost_usd == Decimal("1.75")
    assert [(call.prompt, call.model, call.input_tokens) for call in view.calls] == [("abc", "m-1", 100)] * 2
    assert next(one.cost_usd for one in listed.items if one.id == row.id) == Decimal("1.75")
    assert (month.spent_usd, month.cap_usd, month.said, month.unpriced) == (Decimal("1.75"), Decimal(2), "", 0)


async def test_a_price_that_is_not_known_is_not_taken_for_nothing(db: Database) -> None:
    clock, source = Clock(now()), await book(db, "Unknown")
    async with db.transaction() as tx:
        row = await ask(tx, Asked(kind="checklist", source_id=source.id), MARKETING, "user:1")
        call = WriterCall(key=f"{row.id}:1", review_id=row.id, kind="checklist", model="new", cost_usd=None)
        assert await writer_calls.begun(tx, call, None, clock)
        await writer_calls.ended(tx, call.key, Spent("answered", "new", 100, 20, None, 1.5))
        assert (await asset_view(tx, row.id)).cost_usd is None
        assert (await spending(tx, RULES, clock)).unpriced == 1
        await assets.held(tx, row.id, "The writers' budget is used up.", now())
        month = await spending(tx, RULES, clock)
    assert month.said.endswith("is used up.")
