"""What comes next in a funnel, by what the visitor did: pure decisions over what is on record of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from domain.errors import Conflict
from domain.funnels import Funnel, Step

Decision = Literal["accepted", "declined", "paid"]


@dataclass(frozen=True, slots=True)
class Done:
    """What a visitor did at one step. Whoever accepted a sale and has not paid went to the till."""

    accepted: bool = False
    declined: bool = False
    paid: bool = False


History = Mapping[str, Done]
NOTHING: Final = Done()


def next_step(step: Step, decision: Decision) -> str:
    """The key of the step that follows; empty for the till, which is no step. Raises Conflict for what cannot be."""
    if decision == "paid" and not step.sells:
        raise Conflict("There is nothing to pay on this page.")
    if decision == "accepted" and step.sells:
        return ""
    leads = step.no if decision == "declined" else step.yes
    if not leads:
        raise Conflict("This cannot be answered here.")
    return leads


def leads_to(step: Step, done: Done) -> frozenset[str]:
    """Where the step has led already. A till that was left without paying leads where a no leads."""
    if step.sells:
        found = {step.yes} if done.paid else {step.no} if done.accepted or done.declined else set()
    else:
        found = {step.yes if done.accepted else "", step.no if done.declined else ""}
    return frozenset(found - {""})


def may_open(funnel: Funnel, history: History, key: str) -> bool:
    """Whether the visitor has come as far as this page: its beginnings are open to everybody."""
    step = funnel.step(key)
    if step is funnel.first or step.opens:
        return True
    return any(key in leads_to(one, history.get(one.key, NOTHING)) for one in funnel.steps)


def standing(funnel: Funnel, history: History) -> str:
    """The furthest step that the visitor has come to, by the way that they went."""
    here = funnel.first
    while True:
        ways = leads_to(here, history.get(here.key, NOTHING))
        # Who said yes and no to one page went by the yes.
        onward = here.yes if here.yes in ways else next(iter(ways), "")
        if not onward:
            return here.key
        here = funnel.step(onward)


def opening(funnel: Funnel, history: History, key: str) -> str:
    """Which page is shown to who asks for this one: nobody pays twice, or begins in the middle."""
    if not may_open(funnel, history, key):
        return standing(funnel, history)
    step = funnel.step(key)
    while step.sells and history.get(step.key, NOTHING).paid:
        step = funnel.step(step.yes)
    return step.key


def price_of(step: Step, history: History, funnel: Funnel, current: Decimal) -> Decimal:
    """What the visitor pays here, where everybody pays `current` at this moment.

    Who accepted the offer that leads here pays the reader's price, unless everybody pays less; the offer says it too.
    """
    offered = step.kind == "offer" or any(
        one.kind == "offer" and one.yes == step.key and history.get(one.key, NOTHING).accepted for one in funnel.steps
    )
    return min(step.reader_price, current) if offered and step.reader_price is not None else current
