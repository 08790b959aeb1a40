"""What happens to people in F6, and how each of it is told by its sender."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from demo import bodies
from tests.faults.kit import Delivery, event
from tests.faults.model import TRAININGS, Happened
from tests.faults.vendors import Vendors, purchase, stripe_event

SOURCES = ("google", "newsletter", "webinar", "partner", "linkedin")
PRODUCTS = (*sorted(TRAININGS), "field-guide")
# Three virtual days of 24 minutes, less the time in which it is told: by then no cart's hold is over.
SPAN_S = 64 * 60


class Author:
    """Makes up one person's story. Nothing happens in the same second, since vendors tell no more of it."""

    def __init__(self, luck: random.Random, number: int) -> None:
        self._luck = luck
        self._who = f"f6-{number}"
        self.email = f"{self._who}@people.example"
        begins = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=SPAN_S)
        self._moments = iter(sorted(begins + timedelta(seconds=s) for s in luck.sample(range(SPAN_S), 40)))
        self._count = 0

    def story(self) -> list[Happened]:
        """Threads of what a person does, woven together; each keeps its own order."""
        threads = [
            thread
            for thread, likely in (
                (self._forms, 0.7),
                (self._demo, 0.4),
                (self._purchases, 0.5),
                (self._cart, 0.4),
                (self._leaves, 0.15),
            )
            if self._luck.random() < likely
        ] or [self._forms]
        running = [iter(list(thread())) for thread in threads]
        told: list[Happened] = []
        while running:
            thread = self._luck.choice(running)
            step = next(thread, None)
            if step is None:
                running.remove(thread)
            else:
                self._count += 1
                name = f"{self._who}/{self._count}"
                told.append(Happened(name, step[0], self.email, next(self._moments), step[1]))
        return told

    def _forms(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for number in range(self._luck.choice((1, 1, 2))):
            facts = {"source": self._luck.choice(SOURCES), "first_name": f"Name{number}"}
            if self._luck.random() < 0.5:
                facts |= {"company": f"Company {number}", "audience": f"Audience {number}"}
            yield "form", facts

    def _demo(self) -> Iterator[tuple[str, dict[str, Any]]]:
        first, second = (f"https://api.calendly.com/scheduled_events/{self._who}/invitees/{n}" for n in "12")
        yield "booked", {"uri": first}
        turn = self._luck.choice(("stays", "canceled", "moved", "moved and canceled"))
        if turn == "canceled":
            yield "canceled", {"uri": first}
        if turn.startswith("moved"):
            yield "moved", {"uri": second, "old": first}
        if turn.endswith("and canceled"):
            yield "canceled", {"uri": second}

    def _purchases(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for number in range(self._luck.choice((1, 1, 2))):
            products = self._luck.sample(PRODUCTS, self._luck.choice((1, 2)))
            order = f"{self._who}-order-{number}"
            yield "bought", {"order": order, "products": products, "cart": None}
            if self._luck.random() < 0.3:
                yield "refund", {"order": order, "products": products[:1]}

    def _cart(self) -> Iterator[tuple[str, dict[str, Any]]]:
        cart = f"{self._who}-cart"
        yield "checkout", {"cart": cart, "items": ["field-guide"]}
        if self._luck.random() < 0.4:
            yield "emptied", {"cart": cart}
        if self._luck.random() < 0.4:
            yield "checkout", {"cart": cart, "items": ["field-guide", "on-call-design"]}
        if self._luck.random() < 0.5:
            yield "bought", {"order": f"{cart}-order", "products": ["field-guide"], "cart": cart}

    def _leaves(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "unsubscribed", {}


def told(happened: Happened, vendors: Vendors, key: str) -> list[Delivery]:
    """How its sender tells it: one delivery, or two for a reschedule. Each is named by its sender's own id of it."""
    if happened.kind in {"booked", "canceled", "moved"}:
        return _calendly(happened, vendors)
    if happened.kind in {"bought", "refund"}:
        return [_stripe(happened, vendors)]
    kinds = {"form": "lead_captured", "checkout": "checkout_started", "emptied": "cart_emptied"}
    more = {"occurred_at": happened.at.isoformat(), "payload": _payload(happened)}
    return [event(happened.name, kinds.get(happened.kind, happened.kind), happened.email, key, **more)]


def _payload(happened: Happened) -> dict[str, Any]:
    facts = dict(happened.facts)
    if happened.kind == "form":
        tags = {"form": "contact", "tags": ["B2B", "form:contact"], "utm": {"source": facts.pop("source")}}
        return {**tags, **facts}
    if "cart" in facts:
        return {"cart_id": facts["cart"], "items": facts.get("items", []), "total": "14.99"}
    return facts


def _stripe(happened: Happened, vendors: Vendors) -> Delivery:
    facts = happened.facts
    order, products = facts["order"], facts["products"]
    if happened.kind == "bought":
        content = purchase(order, happened.email, products, at=happened.at, cart=facts["cart"])
    else:
        charge = {
            "id": f"ch_{order}",
            "payment_intent": f"pi_{order}",
            "billing_details": {"email": happened.email},
            "metadata": {"products": ",".join(products)},
        }
        content = stripe_event(f"refund-{order}", "charge.refunded", charge, happened.at)
    return vendors.deliver("stripe", content["id"], content)


def _calendly(happened: Happened, vendors: Vendors) -> list[Delivery]:
    """Calendly gives no ids: an event is known by its kind and its invitee."""
    facts = happened.facts
    uri, old = facts["uri"], facts.get("old")
    starts_at = happened.at + timedelta(days=3)
    common: dict[str, Any] = {"email": happened.email, "name": "", "starts_at": starts_at, "at": happened.at}
    if happened.kind == "canceled":
        contents = [bodies.calendly_canceled(invitee=uri, **common)]
    elif old is None:
        contents = [bodies.calendly_created(invitee=uri, **common)]
    else:
        contents = [
            bodies.calendly_canceled(invitee=old, new_invitee=uri, **common),
            bodies.calendly_created(invitee=uri, old_invitee=old, **common),
        ]
    names = [f"{content['event']}:{content['payload']['uri']}" for content in contents]
    return [vendors.deliver("calendly", name, content) for name, content in zip(names, contents, strict=True)]
