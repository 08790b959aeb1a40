"""Credit that adds up, whatever the model."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.attribution import (
    MODELS,
    UNKNOWN,
    Conversion,
    Model,
    Paid,
    Returned,
    attribute,
    campaign_of,
    net_cents,
    split,
    weights,
)

CONVERSIONS = some.lists(
    some.builds(
        Conversion,
        cents=some.integers(0, 10_000_000),
        campaigns=some.lists(some.sampled_from(["spring", "summer", "WB003", "google"]), max_size=9).map(tuple),
    ),
    max_size=30,
)


@given(CONVERSIONS)
def test_every_model_adds_up_to_the_same_total(conversions: list[Conversion]) -> None:
    for model in MODELS:
        found = attribute(conversions, model)
        assert sum(credit.cents for credit in found.credit.values()) == sum(one.cents for one in conversions)
        assert sum(credit.conversions for credit in found.credit.values()) == len(conversions)


@pytest.mark.parametrize(
    ("model", "shares"),
    [
        ("first_touch", {"spring": 1000}),
        ("last_touch", {"autumn": 1000}),
        ("linear", {"spring": 250, "summer": 500, "autumn": 250}),
        ("position_based", {"spring": 400, "summer": 200, "autumn": 400}),
    ],
)
def test_ten_dollars_after_four_touches(model: Model, shares: dict[str, int]) -> None:
    sale = Conversion(1000, ("spring", "summer", "summer", "autumn"))
    assert {name: credit.cents for name, credit in attribute([sale], model).credit.items()} == shares


def test_two_touches_share_evenly_by_position_and_one_takes_all() -> None:
    assert weights("position_based", 2) == (Fraction(1, 2), Fraction(1, 2))
    assert weights("position_based", 1) == (Fraction(1),)


def test_a_cent_that_cannot_be_divided_goes_to_one_and_is_not_lost() -> None:
    assert split(100, weights("linear", 3)) == [34, 33, 33]


def test_a_sale_without_a_touch_is_counted_under_its_own_name() -> None:
    assert attribute([Conversion(500)], "linear").credit[UNKNOWN].cents == 500


def test_a_touch_counts_for_its_campaign_else_for_where_it_came_from() -> None:
    assert campaign_of({"campaign": "spring", "source": "google"}, "google") == "spring"
    assert campaign_of({}, "webinar:WB003") == "webinar:WB003"
    assert campaign_of({}, "") == UNKNOWN


@pytest.mark.parametrize(
    ("refunds", "left"),
    [
        ([], 3000),
        ([Returned(500, ())], 2500),
        ([Returned(500, ()), Returned(3000, ())], 0),  # a running total, not two amounts
        ([Returned(0, ())], 0),
        ([Returned(0, ("a",))], 2000),
        ([Returned(0, ("a",)), Returned(0, ("a",))], 2000),
        ([Returned(0, ("elsewhere",))], 3000),
        ([Returned(9999, ())], 0),
    ],
)
def test_what_was_given_back_is_no_revenue(refunds: list[Returned], left: int) -> None:
    assert net_cents(Paid(3000, ("a", "b", "c")), refunds) == left
