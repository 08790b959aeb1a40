"""Who a sale counts for, and what of it is earned, taken back and due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.affiliates import Back, Brought, Standing, credited, earned, given_back, taken_back

PAID = datetime(2026, 3, 31, 12, tzinfo=UTC)
WINDOW = timedelta(days=30)
SECOND = timedelta(seconds=1)


def came(code: str, ago: timedelta) -> Brought:
    return Brought(code, PAID - ago)


@pytest.mark.parametrize(
    ("brought", "expected"),
    [
        ([], None),
        ([came("ada", WINDOW)], "ada"),
        ([came("ada", WINDOW + SECOND)], None),
        ([came("ada", -SECOND)], None),
        ([came("ada", timedelta(days=2)), came("bob", timedelta(days=1))], "bob"),
        ([came("bob", timedelta(days=1)), came("ada", timedelta(days=2))], "bob"),
        ([came("own", timedelta(days=1)), came("ada", timedelta(days=2))], "ada"),
        ([came("bob", SECOND), came("ada", SECOND)], "ada"),
    ],
)
def test_the_last_link_within_the_window_counts(brought: list[Brought], expected: str | None) -> None:
    assert credited(brought, PAID, WINDOW, {"own"}) == expected


@pytest.mark.parametrize(
    ("refunds", "expected"),
    [
        ([], 0),
        ([Back(2500)], 2500),
        ([Back(5000), Back(2500), Back(2500)], 5000),
        ([Back(20_000)], 9999),
        ([Back()], 9999),
        ([Back(0, ("a",))], 3333),
        ([Back(0, ("a",)), Back(0, ("a",)), Back(0, ("b",))], 6666),
        ([Back(0, ("other",))], 0),
        ([Back(5000), Back(0, ("a",))], 5000),
    ],
)
def test_what_was_given_back_is_counted_once(refunds: list[Back], expected: int) -> None:
    assert given_back(9999, ["a", "b", "c"], refunds) == expected


def test_halves_of_a_cent_go_up() -> None:
    assert [earned(base, Decimal(percent)) for base, percent in ((1499, "20"), (1, "50"), (333, "33.33"))] == [
        300,
        1,
        111,
    ]


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.decimals("0.01", 100, places=2))
def test_nothing_more_is_taken_back_than_was_earned_and_all_with_the_whole(
    total: int, back: int, percent: Decimal
) -> None:
    commission = earned(total, percent)
    taken = taken_back(commission, total, min(back, total))
    assert 0 <= taken <= commission
    assert taken_back(commission, total, total) == (commission if total else 0)


@pytest.mark.parametrize(
    ("amount", "back", "paid", "late", "state", "payable"),
    [
        (300, 0, 0, False, "pending", 0),
        (300, 0, 0, True, "due", 300),
        (300, 100, 0, True, "due", 200),
        (300, 300, 0, True, "reversed", 0),
        (300, 0, 300, True, "paid", 0),
        (300, 100, 300, True, "owed back", -100),
        (300, 100, 300, False, "owed back", -100),
        (300, 100, 200, True, "paid", 0),
        (300, 300, 0, False, "reversed", 0),
    ],
)
def test_a_commission_stands_by_its_amounts(
    amount: int, back: int, paid: int, late: bool, state: str, payable: int
) -> None:
    standing = Standing(amount, back, paid, PAID)
    at = PAID if late else PAID - SECOND
    assert (standing.state(at), standing.payable(at)) == (state, payable)
