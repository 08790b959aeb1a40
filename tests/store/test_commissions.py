"""Commissions on real rows: exact whatever order events come in, and however often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from domain.affiliates import Given
from domain.errors import Conflict
from store import affiliates
from store.affiliates import Affiliate, Commission, Payout
from store.base import now
from store.orders import Order
from tests.core_kit import BASICS, PRACTICE, TRACING, World, somebody

BEGAN = datetime(2026, 3, 1, 9, tzinfo=UTC)
PERCENT = {"ada": Decimal("20.00"), "bob": Decimal("12.50")}


@pytest.fixture(scope="module", autouse=True)
async def partners(world: World) -> None:
    async with world.db.transaction() as tx:
        for code, percent in PERCENT.items():
            address = f"{code}@partners.example"
            await affiliates.make(
                tx, Given(code=code, name=code, email=address, percent=percent, hold_days=14), "user:1"
            )


def by(code: str, day: float) -> dict[str, str]:
    return {"code": code, "at": (BEGAN + timedelta(days=day)).isoformat()}


# Type, day on which it occurred, payload; `{me}` keeps people's orders apart.
Told = tuple[str, float, dict[str, Any]]
STORY: list[Told] = [
    ("lead_captured", 0, {"form": "x", "affiliate": by("ada", 0)}),
    ("lead_captured", 5, {"form": "x", "affiliate": by("bob", 5)}),
    ("purchase_completed", 6, {"order_id": "1-{me}", "payment_intent": "p1-{me}", "products": [BASICS, PRACTICE],
                               "amount_total": 11_900, "amount_tax": 1_900, "affiliate": by("ada", 1)}),
    ("refund", 7, {"payment_intent": "p1-{me}", "amount_refunded": 2_975}),
    ("refund", 8, {"payment_intent": "p1-{me}", "amount_refunded": 5_950}),
    ("lead_captured", 20, {"form": "x", "affiliate": by("ada", 20)}),
    ("purchase_completed", 21, {"order_id": "2-{me}", "products": [TRACING, BASICS], "amount_total": 999}),
    ("refund", 22, {"products": [TRACING]}),
    ("purchase_completed", 40, {"order_id": "3-{me}", "payment_intent": "p3-{me}", "products": [PRACTICE],
                                "amount_total": 3_333}),
    ("refund", 41, {"payment_intent": "p3-{me}"}),
    ("purchase_completed", 70, {"order_id": "4-{me}", "payment_intent": "p4-{me}", "products": [PRACTICE],
                                "amount_total": 500}),
    ("lead_captured", 80, {"form": "x", "affiliate": {"code": "nobody", "at": "yesterday"}}),
]  # fmt: skip
Row = tuple[str, str, int, int, int]


def expected(chosen: set[int]) -> set[Row]:
    """The same by hand: who clicked last within 30 days, what they earn, and what refunds take of it."""
    events = [STORY[index] for index in chosen]
    clicks = [
        (datetime.fromisoformat(payload["affiliate"]["at"]), payload["affiliate"]["code"])
        for _, _, payload in events
        if payload.get("affiliate", {}).get("code") in PERCENT
    ]
    rows = set()
    for type_, day, order in events:
        paid = BEGAN + timedelta(days=day)
        good = [click for click in clicks if click[0] <= paid <= click[0] + timedelta(days=30)]
        if type_ != "purchase_completed" or not good:
            continue
        code = max(good)[1]
        total, base = order["amount_total"], order["amount_total"] - order.get("amount_tax", 0)
        amount = _half_up(base * PERCENT[code] / 100)
        back = max((_back(order, refund) for kind, _, refund in events if kind == "refund"), default=0)
        rows.add((order["order_id"], code, base, amount, _half_up(Decimal(amount) * back / total)))
    return rows


def _back(order: dict[str, Any], refund: dict[str, Any]) -> int:
    total: int = order["amount_total"]
    if refund.get("payment_intent"):
        same = refund["payment_intent"] == order.get("payment_intent")
        return int(refund.get("amount_refunded", total)) if same else 0
    return total // 2 if refund["products"][0] in order["products"] and "payment_intent" not in order else 0


def _half_up(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


async def tell(world: World, email: str, me: str, index: int, *, named: bool = True) -> None:
    type_, day, payload = STORY[index]
    given = {name: value.replace("{me}", me) if isinstance(value, str) else value for name, value in payload.items()}
    who = email if named else None
    at, word = BEGAN + timedelta(days=day), f"{index}-{me}"
    await world.tell(type_, who, sender_id=word, occurred_at=at, entity=f"test:{word}", payload=given)


async def rows_of(world: World, me: str) -> set[Row]:
    async with world.db.transaction() as tx:
        found = select(Commission, col(Order.external_id)).join(Order, col(Order.id) == col(Commission.order_id))
        rows = (await tx.execute(found.where(col(Order.external_id).endswith(me)))).all()
    return {
        (number.replace(me, "{me}"), row.affiliate, row.base, row.amount, row.reversed) for row, number in rows
    }  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_order_and_any_repeats_earn_what_the_story_earns(world: World, data: st.DataObject) -> None:
    every = range(len(STORY))
    chosen = data.draw(st.sets(st.sampled_from(every), min_size=3), label="events")
    repeated = data.draw(st.lists(st.sampled_from(sorted(chosen)), max_size=4), label="repeated")
    order = data.draw(st.permutations([*sorted(chosen), *repeated]), label="order")
    nameless = data.draw(st.sets(st.sampled_from([3, 4, 9])), label="refunds that name nobody")
    email, me = somebody(), uuid4().hex
    for index in order:
        await tell(world, email, me, index, named=index not in nameless)
    assert await rows_of(world, me) == expected(chosen)


async def test_the_whole_story_by_hand(world: World) -> None:
    email, me = somebody(), uuid4().hex
    for index in range(len(STORY)):
        await tell(world, email, me, index)
    assert await rows_of(world, me) == {
        ("1-{me}", "bob", 10_000, 1_250, 625),
        ("2-{me}", "ada", 999, 200, 100),
        ("3-{me}", "ada", 3_333, 667, 667),
    }


async def test_their_own_orders_earn_nothing_and_nor_do_those_after_the_end(world: World) -> None:
    own = f"own-{uuid4().hex[:8]}@partners.example"
    async with world.db.transaction() as tx:
        code = f"own-{uuid4().hex[:6]}"
        await affiliates.make(tx, Given(code=code, name="Own", email=own.upper(), percent=Decimal(10)), "user:1")
    for email in (own, somebody()):
        number = uuid4().hex
        brought = {"code": code, "at": now().isoformat()}
        await world.tell("purchase_completed", email, order_id=number, amount_total=1000, affiliate=brought)
        assert bool(await rows_of(world, number)) is (email != own)
    async with world.db.transaction() as tx:
        await affiliates.end(tx, code, "user:1")
    number = uuid4().hex
    await world.tell("purchase_completed", somebody(), order_id=number, amount_total=1000, affiliate=brought)
    assert await rows_of(world, number) == set()


async def test_a_payout_pays_what_is_due_once_and_less_what_is_owed_back(world: World) -> None:
    async with world.db.transaction() as tx:
        code = f"cat-{uuid4().hex[:6]}"
        await affiliates.make(
            tx, Given(code=code, name="Cat", email="cat@partners.example", percent=Decimal(10)), "user:1"
        )

    async def bought(number: str, days_ago: int, total: int) -> None:
        at = now() - timedelta(days=days_ago)
        brought = {"code": code, "at": at.isoformat()}
        given = {"order_id": number, "payment_intent": f"pi-{number}", "amount_total": total, "affiliate": brought}
        await world.tell("purchase_completed", somebody(), occurred_at=at, payload=given)

    async def pay() -> list[int]:
        async with world.db.transaction() as tx:
            return [payout.amount for payout in await affiliates.pay(tx, code, "user:1")]

    first, second, young = (uuid4().hex for _ in range(3))
    await bought(first, 40, 10_000)
    await bought(young, 2, 9_900)
    assert await pay() == [1_000]
    with pytest.raises(Conflict, match="Nothing is due"):
        await pay()
    await world.tell("refund", None, payment_intent=f"pi-{first}", amount_refunded=4_000, entity=first)
    assert await rows_of(world, first) == {("{me}", code, 10_000, 1_000, 400)}
    with pytest.raises(Conflict, match="Nothing is due"):
        await pay()
    await bought(second, 35, 6_000)
    assert await pay() == [200]
    async with world.db.transaction() as tx:
        payouts = (await tx.execute(select(Payout).where(col(Payout.affiliate) == code))).scalars().all()
        open_ = [
            row.standing().open
            for row in (await tx.execute(select(Commission).where(col(Commission.affiliate) == code))).scalars()
        ]
    assert sum(payout.amount for payout in payouts) == 1_200
    assert sorted(open_) == [0, 0, 990]


async def test_a_code_is_taken_once_and_its_terms_can_change(world: World) -> None:
    async with world.db.transaction() as tx:
        with pytest.raises(Conflict, match="already"):
            await affiliates.make(tx, Given(code="ada", name="A", email="a@b.example", percent=Decimal(1)), "user:1")
    async with world.db.transaction() as tx:
        given = Given(code="ada", name="Ada L", email="ada@partners.example", percent=PERCENT["ada"], hold_days=14)
        changed: Affiliate = await affiliates.change(tx, given, "user:1")
        assert changed.name == "Ada L"
