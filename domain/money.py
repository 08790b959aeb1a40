"""Amounts of money: exact, in a currency's main unit or in its smallest one."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

# docs.stripe.com/currencies: amounts come in the smallest unit, which for these is not a hundredth.
NO_DECIMALS = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
# Beside these the currency is named.
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


def places(currency: str) -> int:
    """How many decimals the currency has."""
    code = currency.lower()
    return 0 if code in NO_DECIMALS else 3 if code in THREE_DECIMALS else 2


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount as it can be paid; halves go up."""
    return amount.quantize(Decimal(1).scaleb(-places(currency)), ROUND_HALF_UP)


def minor(amount: Decimal, currency: str) -> int:
    """The amount in the currency's smallest unit."""
    return int(rounded(amount, currency).scaleb(places(currency)))


def major(smallest: int, currency: str) -> Decimal:
    """What that many of the smallest unit are in the main one."""
    return Decimal(smallest).scaleb(-places(currency))


def spoken(amount: Decimal, currency: str) -> str:
    """The amount as people read it: `$14.99`, `CHF 20.00`."""
    code = currency.upper()
    figures = f"{rounded(amount, code):,f}"
    return f"{_SIGNS[code]}{figures}" if code in _SIGNS else f"{code} {figures}"
