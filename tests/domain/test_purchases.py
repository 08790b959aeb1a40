"""What is recommended after purchases."""

from __future__ import annotations

from decimal import Decimal

from domain.marketing import Brand, Marketing, Product
from domain.purchases import recommend

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
