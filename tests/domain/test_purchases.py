"""What a person still owns of what they bought, and what is recommended after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue import Product
from domain.marketing import Brand, Marketing
from domain.purchases import Bought, GivenBack, recommend, remaining
from tests.core_kit import BASICS, GUIDE, PRACTICE, TRACING, marketing

PAID = datetime(2026, 3, 1, 12, tzinfo=UTC)
BRAND = Brand(
    name="Shop", author="Ada", postal_address="1 Street", url="https://shop.example", reply_to="a@shop.example",
    transactional_from="a@shop.example", marketing_from="a@shop.example",
)  # fmt: skip


def _product(key: str, *related: str) -> Product:
    return Product(key=key, name=key.title(), kind="training", price=Decimal(10), related=list(related))


MARKETING = Marketing(brand=BRAND, catalogue=[_product("one", "two"), _product("two"), _product("three")])


def test_related_products_come_before_others_of_the_kind() -> None:
    assert [product.key for product in recommend(MARKETING, ["one"])] == ["two", "three"]


def test_what_was_given_back_is_not_recommended_again() -> None:
    assert [product.key for product in recommend(MARKETING, ["one"], given_back=["two"])] == ["three"]


moments = st.integers(0, 1000).map(lambda minutes: PAID + timedelta(minutes=minutes))
keys = st.sampled_from(["a", "b", "c", "d"])
payments = st.none() | st.sampled_from(["p1", "p2", "p3"])
products = st.lists(keys, max_size=3).map(tuple)
orders = st.lists(st.builds(Bought, st.uuids().map(str), products, payments, moments), max_size=5)
refunds = st.lists(st.builds(GivenBack, products, payments, moments), max_size=4)


@given(orders=orders, refunds=refunds, shuffled=st.randoms())
def test_what_remains_does_not_depend_on_the_order_of_telling(
    orders: list[Bought], refunds: list[GivenBack], shuffled: Random
) -> None:
    mixed, given_back = list(orders), list(refunds)
    shuffled.shuffle(mixed)
    shuffled.shuffle(given_back)
    assert remaining(mixed, given_back) == remaining(orders, refunds)


@given(orders=orders, refunds=refunds)
def test_what_remains_was_bought_and_stands_once(orders: list[Bought], refunds: list[GivenBack]) -> None:
    kept = remaining(orders, refunds)
    assert len(kept) == len(set(kept))
    assert set(kept) <= {product for order in orders for product in order.products}
    assert set(remaining(orders, [])) >= set(kept)


@given(orders=orders)
def test_a_refund_of_a_whole_payment_leaves_nothing_of_it(orders: list[Bought]) -> None:
    kept = remaining(orders, [GivenBack((), "p1", PAID)])
    assert kept == remaining([order for order in orders if order.payment_intent != "p1"], [])


@given(orders=orders)
def test_a_refund_that_names_nothing_takes_nothing(orders: list[Bought]) -> None:
    assert remaining(orders, [GivenBack((), None, PAID + timedelta(days=9))]) == remaining(orders, [])


def test_a_refund_without_a_payment_is_about_what_was_paid_before_it() -> None:
    before, after = Bought("1", ("a",), None, PAID), Bought("2", ("a",), None, PAID + timedelta(days=2))
    refund = GivenBack(("a",), None, PAID + timedelta(days=1))
    assert remaining([before], [refund]) == []
    assert remaining([before, after], [refund]) == ["a"]


@given(owned=st.lists(st.sampled_from([BASICS, PRACTICE, TRACING, GUIDE, "gone"]), max_size=4), most=st.integers(0, 5))
def test_nothing_is_recommended_that_is_owned_or_twice_or_too_much(owned: list[str], most: int) -> None:
    found = [product.key for product in recommend(marketing(), owned, most)]
    assert not set(found) & set(owned)
    assert len(found) == len(set(found)) <= most


def test_what_is_related_to_the_last_purchase_comes_first() -> None:
    assert [product.key for product in recommend(marketing(), [BASICS])] == [PRACTICE, TRACING]
    assert [product.key for product in recommend(marketing(), [BASICS, PRACTICE])] == [TRACING]
