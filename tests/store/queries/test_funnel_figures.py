"""A funnel's figures, against a plain model of a few hundred visitors that are made up anew with each seed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.errors import NotFound
from domain.proportions import wilson
from store import funnels
from store.base import now
from store.contacts import Contact
from store.db import Database
from store.funnels import Basket, FunnelCheckout, FunnelVisit, Visitor
from store.orders import Order, Refund
from store.queries.funnels import Asked, FunnelFigures, figures
from tests.funnels_kit import funnel, published

SLUG, LADDER = "franklin-value-ladder", funnel()
SOURCES = ("ads", "newsletter", "direct")
# What each visitor of the model does at a step with which probability.
CHANCES = {"opt-in": 0.5, "thank-you": 0.4, "main-offer": 0.6, "bundle": 0.3, "downsell": 0.5}
PRICES = {"main-offer": 1499, "bundle": 3900, "downsell": 750}


@dataclass
class Model:
    """What was done, counted by hand: by step, and by step and source."""

    seen: Counter[str] = field(default_factory=Counter)
    yes: Counter[str] = field(default_factory=Counter)
    money: Counter[str] = field(default_factory=Counter)
    offered: int = 0
    bumped: int = 0
    bump_money: int = 0
    visitors: Counter[str] = field(default_factory=Counter)
    buyers: Counter[str] = field(default_factory=Counter)
    revenue: Counter[str] = field(default_factory=Counter)


@pytest.fixture(scope="module")
async def models(db: Database) -> dict[str, Model]:
    """The model of everybody, and that of each source; beside them other funnels and older visits, which count not."""
    await published(db, LADDER, SLUG)
    await published(db, LADDER, "another-funnel")
    dice = random.Random(7)
    found = {"": Model(), **{source: Model() for source in SOURCES}}
    for _ in range(120):
        source = dice.choice(SOURCES)
        await visit(db, dice, source, [found[""], found[source]])
    await visit(db, dice, "ads", [], slug="another-funnel")
    await visit(db, dice, "ads", [], began_at=now() - timedelta(days=40))
    return found


async def visit(
    db: Database, dice: random.Random, source: str, models: list[Model], *, slug: str = SLUG,
    began_at: datetime | None = None,
) -> None:  # fmt: skip
    """One visitor, from the first page as far as they go."""
    who, brought = Visitor(uuid4(), source, {"source": source}), 0
    key, offered = "opt-in", False
    async with db.transaction() as tx:
        while key != "confirmation":
            step = LADDER.step(key)
            await funnels.saw(tx, who, slug, key)
            yes = dice.random() < CHANCES.get(key, 0.2)
            for model in models:
                model.seen[key] += 1
                model.yes[key] += yes
            if yes and step.sells:
                net = await pay(tx, dice, who, key, models, slug, offered=offered and key == "main-offer")
                brought += net
            elif yes or step.no:
                await funnels.answered(tx, who, slug, key, "accepted" if yes else "declined")
            if not yes and not step.no:
                break
            offered = offered or (key == "thank-you" and yes)
            key = step.yes if yes else step.no
        paid = bool(await funnels.bought(tx, who.id, slug))
        if began_at:
            await tx.execute(update(FunnelVisit).where(col(FunnelVisit.visitor) == who.id).values(began_at=began_at))
    for model in models:
        model.visitors[source] += 1
        model.buyers[source] += paid
        model.revenue[source] += brought


async def pay(
    tx: AsyncSession, dice: random.Random, who: Visitor, key: str, models: list[Model], slug: str, *, offered: bool
) -> int:
    """A payment, some of them with something added, some given back in part or whole; what is left of it."""
    bump = 700 if key == "main-offer" and dice.random() < 0.4 else 0
    amount = (799 if offered else PRICES.get(key, 750)) + bump
    basket = Basket(["franklin"], amount, "usd", now() + timedelta(days=1), bump, offered=offered)
    row = await funnels.to_till(tx, who, slug, key, basket)
    await funnels.at_till(tx, row.id, f"cs_{row.id}", "https://till.example")
    await tx.execute(update(FunnelCheckout).where(col(FunnelCheckout.id) == row.id).values(paid_at=now()))
    await funnels.answered(tx, who, slug, key, "paid")
    back = dice.choice((0, 0, 0, 500, amount, amount + 100))
    if back:
        contact = Contact()
        tx.add(contact)
        await tx.flush()
        order = Order(external_id=f"cs_{row.id}", event_id=uuid4(), contact_id=contact.id, paid_at=now(), total=amount)
        order.payment_intent = f"pi_{row.id}"
        tx.add(order)
        # Told of twice, the second time with the sum.
        for given in (back // 2, back):
            tx.add(Refund(event_id=uuid4(), payment_intent=order.payment_intent, amount=given))
        await tx.flush()
    net = max(0, amount - back)
    for model in models:
        model.money[key] += net
        model.bumped += bump > 0
        model.bump_money += min(bump, net)
        model.offered += offered
    return net


async def read(db: Database, source: str = "") -> FunnelFigures:
    async with db.transaction() as tx:
        return await figures(tx, SLUG, Asked(now() - timedelta(days=30), now(), source))


@pytest.mark.parametrize("source", ["", *SOURCES])
async def test_every_step_has_its_visitors_conversions_and_revenue(
    db: Database, models: dict[str, Model], source: str
) -> None:
    model, found = models[source], await read(db, source)
    for one in found.steps:
        if one.kind == "bump":
            assert (one.figure.conversions, one.figure.visitors) == (model.bumped, model.yes["main-offer"])
            assert (one.revenue, one.figure.target) == (model.bump_money, 0.3)
            continue
        if one.kind == "confirm":
            continue
        assert (one.figure.visitors, one.figure.conversions) == (model.seen[one.step], model.yes[one.step]), one.step
        taken = model.bump_money if one.step == "main-offer" else 0
        assert one.revenue == model.money[one.step] - taken
        low, high = wilson(model.yes[one.step], model.seen[one.step])
        assert (one.figure.low, one.figure.high) == (low, high)
    assert model.seen["main-offer"] > 4
    assert found.revenue == sum(model.money.values()) == sum(one.revenue for one in found.steps)


async def test_sources_add_up_to_the_whole(db: Database, models: dict[str, Model]) -> None:
    model, found = models[""], await read(db)
    by_source = {one.source: (one.figure.visitors, one.figure.conversions, one.revenue) for one in found.sources}
    assert by_source == {
        source: (model.visitors[source], model.buyers[source], model.revenue[source]) for source in SOURCES
    }
    assert (found.visitors, found.buyers) == (sum(model.visitors.values()), sum(model.buyers.values()))


async def test_goals_are_counted_against_their_targets(db: Database, models: dict[str, Model]) -> None:
    model, found = models[""], await read(db)
    goals = {one.goal: (one.figure.conversions, one.figure.visitors, one.figure.target) for one in found.goals}
    assert goals == {
        "email_capture": (model.yes["opt-in"], model.seen["opt-in"], 0.4),
        "tripwire_sale": (model.offered, model.seen["thank-you"], 0.1),
        "main_sale": (model.yes["main-offer"] - model.offered, model.seen["main-offer"], None),
        "upsell": (model.yes["bundle"], model.seen["bundle"], 0.15),
    }


async def test_what_is_not_there_has_no_figures(db: Database) -> None:
    async with db.transaction() as tx:
        with pytest.raises(NotFound):
            await figures(tx, "nothing", Asked(now(), now()))
