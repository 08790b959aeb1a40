"""Prices and promotions, to the second and to the cent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import money
from domain.offers import Priced, Promotion, priced, spoken_left, still_agreed, till_closes, together

START = datetime(2026, 11, 27, 0, 0, tzinfo=UTC)
END = START + timedelta(days=4)
LISTED = Decimal("14.99")
SECOND = timedelta(seconds=1)


def promotion(slug: str = "sale", *, percent: int = 20, amount: str | None = None, ends: datetime = END) -> Promotion:
    price = Decimal(amount) if amount else None
    return Promotion(slug, frozenset({"book"}), START, ends, 0 if price is not None else percent, price)


def cost(at: datetime, *promotions: Promotion, product: str = "book") -> Priced:
    return priced(product, LISTED, "USD", promotions, at)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (START - SECOND, "14.99"),
        (START, "11.99"),
        (END - SECOND, "11.99"),
        (END - timedelta(microseconds=1), "11.99"),
        (END, "14.99"),
        (END + SECOND, "14.99"),
    ],
)
def test_a_promotion_holds_from_its_first_instant_until_just_before_its_last(at: datetime, expected: str) -> None:
    found = cost(at, promotion())
    assert found.amount == Decimal(expected)
    assert found.ends_at == (END if expected == "11.99" else None)


def test_of_several_the_one_that_is_best_for_the_buyer_holds_alone() -> None:
    small, large, cheap = promotion("small", percent=10), promotion("large", percent=30), promotion("cheap", amount="9")
    found = cost(START, small, large, cheap)
    assert (found.amount, found.saved, found.promotion) == (Decimal(9), Decimal("5.99"), cheap)
    assert cost(START, small, large).amount == Decimal("10.49")


def test_of_two_with_one_price_the_later_deadline_is_told() -> None:
    longer = promotion("longer", ends=END + timedelta(days=1))
    assert cost(START, promotion("a"), longer).ends_at == longer.ends_at


def test_a_promotion_makes_nothing_dearer_and_is_about_its_products_only() -> None:
    assert cost(START, promotion(amount="20")) == Priced(LISTED, LISTED, "USD")
    assert cost(START, promotion(), product="other").amount == LISTED


@given(st.decimals(0, 100_000, places=2), st.integers(0, 100), st.sampled_from(["USD", "JPY", "KWD"]))
def test_a_price_is_never_below_nothing_nor_above_the_list_and_can_be_paid(
    listed: Decimal, percent: int, currency: str
) -> None:
    listed = money.rounded(listed, currency)
    found = promotion(percent=percent).price_of(listed, currency)
    assert 0 <= found <= listed
    assert money.major(money.minor(found, currency), currency) == found


def test_several_for_one_price_never_cost_more_than_one_by_one() -> None:
    plain = [Priced(LISTED, LISTED, "USD"), Priced(LISTED, LISTED, "USD")]
    assert together(plain, Decimal(25)).saved == Decimal("4.98")
    assert together(plain, Decimal(40)) == Priced(Decimal("29.98"), Decimal("29.98"), "USD")
    cheaper = [cost(START, promotion(amount="5")), cost(START, promotion("b", amount="6", ends=END - SECOND))]
    found = together(cheaper, Decimal(25))
    assert (found.amount, found.ends_at) == (Decimal(11), END - SECOND)


@pytest.mark.parametrize(
    ("left", "open_for"),
    [
        (timedelta(days=3), timedelta(hours=24)),
        (timedelta(hours=2), timedelta(hours=2)),
        (timedelta(minutes=30), timedelta(minutes=30)),
        (timedelta(minutes=30) - SECOND, timedelta(minutes=30)),
        (SECOND, timedelta(minutes=30)),
    ],
)
def test_the_till_closes_at_the_deadline_or_as_soon_after_it_as_it_can(left: timedelta, open_for: timedelta) -> None:
    assert till_closes(START, START + left) == START + open_for


def test_nobody_is_charged_more_than_they_saw() -> None:
    seen = cost(END - SECOND, promotion()).amount
    assert still_agreed(seen, cost(END - SECOND, promotion()))
    assert not still_agreed(seen, cost(END, promotion()))
    assert still_agreed(LISTED, cost(START, promotion()))


def test_amounts_are_told_as_people_write_them() -> None:
    told = [money.spoken(Decimal(amount), code) for amount, code in (("1234.5", "usd"), ("20", "CHF"), ("1500", "JPY"))]
    assert told == ["$1,234.50", "CHF 20.00", "JPY 1,500"]


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (timedelta(days=6, hours=23, minutes=59), "6 days and 23 hours"),
        (timedelta(days=1, minutes=5), "1 day"),
        (timedelta(hours=2, minutes=1), "2 hours and 1 minute"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(seconds=59), "less than a minute"),
    ],
)
def test_the_time_that_is_left_is_never_told_as_more_than_it_is(left: timedelta, told: str) -> None:
    assert spoken_left(left) == told
