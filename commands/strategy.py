"""`perennial strategy`: ask for a strategy, which then waits for its review."""

from __future__ import annotations

from typing import Annotated

import typer

import settings as environment
from commands.installation import OPERATOR, in_transaction
from domain.errors import Invalid
from domain.strategies import PREFIX
from store.strategies import ask


def strategy(
    kind: Annotated[str, typer.Argument(help="funnel, offer, timing, ab_test or roi")],
    given: Annotated[
        list[str] | None, typer.Option("--with", help="what it needs, as campaign=spring spend=120.00; once for each")
    ] = None,
) -> None:
    """Have a strategy made from the numbers that are there, and print where it is reviewed."""
    options = dict(_pair(one) for one in given or [])
    row = in_transaction(lambda tx: ask(tx, f"{PREFIX}{kind}", options, OPERATOR))
    print(f"{environment.load().public_url}/strategy/{row.id}")


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        message = f"Write {text} as name=value."
        raise Invalid(message, "with")
    return name.strip(), value.strip()
