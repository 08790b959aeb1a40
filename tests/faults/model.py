"""What must be true of a person after all that happened to them: plain Python, read like the specification.

It takes the story in the order in which it happened, each thing once. Nothing of the product is used here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TRAININGS = {"observability-basics", "incident-practice", "tracing-deep-dive", "on-call-design", "capacity-planning"}
AUDIENCE = "Engineering"  # of everything in the catalogue


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened to a person: `name` is its sender's id of it."""

    name: str
    kind: str
    email: str
    at: datetime
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Person:
    """How somebody ends. Orders, bookings and carts are by their own ids."""

    touches: list[str] = field(default_factory=list)
    original: str | None = None
    latest: str | None = None
    first_name: str = ""
    company: str = ""
    audience: str = ""
    tags: set[str] = field(default_factory=set)
    opted_out: bool = False
    bookings: dict[str, str] = field(default_factory=dict)
    orders: dict[str, list[str]] = field(default_factory=dict)
    refunded: dict[str, list[str]] = field(default_factory=dict)
    carts: dict[str, str] = field(default_factory=dict)
    items: dict[str, list[str]] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)


def ends(story: Iterable[Happened]) -> Person:
    """The person after the story, told in this order."""
    person = Person()
    for happened in story:
        _RULES[happened.kind](person, happened)
    person.open = _open(person)
    return person


def in_order(story: Iterable[Happened]) -> list[Happened]:
    """Each thing once, in the order in which it happened."""
    return sorted({one.name: one for one in story}.values(), key=lambda one: one.at)


def _form(person: Person, happened: Happened) -> None:
    """The first touch is the original source for ever, the newest the latest. The newest word on a name holds."""
    facts = happened.facts
    person.touches.append(facts["source"])
    person.original = person.original or facts["source"]
    person.latest = facts["source"]
    person.tags |= {"lead", "B2B", "form:contact", f"source:{facts['source']}"}
    person.first_name = facts.get("first_name") or person.first_name
    person.company = facts.get("company") or person.company
    person.audience = facts.get("audience") or person.audience


def _booked(person: Person, happened: Happened) -> None:
    person.bookings[happened.facts["uri"]] = "booked"


def _canceled(person: Person, happened: Happened) -> None:
    if person.bookings[happened.facts["uri"]] == "booked":
        person.bookings[happened.facts["uri"]] = "canceled"


def _moved(person: Person, happened: Happened) -> None:
    """A reschedule: the old place is given up for the new one."""
    person.bookings[happened.facts["old"]] = "superseded"
    person.bookings[happened.facts["uri"]] = "booked"


def _bought(person: Person, happened: Happened) -> None:
    """A purchase that names no cart pays every cart that was begun before it."""
    facts = happened.facts
    products = facts["products"]
    person.orders[facts["order"]] = products
    person.tags |= {"customer", "B2C", *(f"product:{key}" for key in products)}
    person.first_name = person.first_name or "Ada"
    if not person.audience and products:
        person.audience = AUDIENCE
    for cart in [facts["cart"]] if facts["cart"] else list(person.carts):
        person.carts[cart] = "paid"


def _refund(person: Person, happened: Happened) -> None:
    person.refunded[happened.facts["order"]] = happened.facts["products"]


def _checkout(person: Person, happened: Happened) -> None:
    """Paid is for ever; an emptied cart that is filled again is open again."""
    cart = happened.facts["cart"]
    person.items[cart] = happened.facts["items"]
    if person.carts.get(cart) != "paid":
        person.carts[cart] = "open"


def _emptied(person: Person, happened: Happened) -> None:
    cart = happened.facts["cart"]
    person.items[cart] = []
    if person.carts.get(cart) != "paid":
        person.carts[cart] = "emptied"


def _unsubscribed(person: Person, happened: Happened) -> None:
    del happened
    person.opted_out = True


def _open(person: Person) -> dict[str, str]:
    """Which marketing journeys go on: none after an opt-out; nurture waits while a demo is ahead."""
    if person.opted_out:
        return {}
    running: dict[str, str] = {}
    if person.touches:
        running["demo_nurture"] = "paused" if "booked" in person.bookings.values() else "running"
    if any(TRAININGS & set(products) for products in person.orders.values()):
        running["purchase_followup"] = "running"
    for cart, state in person.carts.items():
        if state == "open":
            running[f"cart_recovery {cart}"] = "running"
    return running


_RULES = {
    "form": _form,
    "booked": _booked,
    "canceled": _canceled,
    "moved": _moved,
    "bought": _bought,
    "refund": _refund,
    "checkout": _checkout,
    "emptied": _emptied,
    "unsubscribed": _unsubscribed,
}
