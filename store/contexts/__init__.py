"""What mails may speak of: one subject a file, one line in `SUBJECTS`."""

from __future__ import annotations

from domain.sequences import Sequence
from store.contexts import (
    bookings,
    carts,
    deliveries,
    discounts,
    entries,
    orders,
    programme,
    promotions,
    recommendations,
    subscriptions,
    webinars,
)
from store.contexts.asked import Asked, Context, Fill, Subject


def _by_event(sequence: Sequence) -> bool:
    return sequence.about == "event" and sequence.collects is None


def _recommends(sequence: Sequence) -> bool:
    return _by_event(sequence) or (sequence.about == "order" and sequence.lane == "marketing")


SUBJECTS: list[Subject] = [
    Subject(orders.collected, of=lambda one: one.collects == "orders"),
    Subject(orders.one, of=lambda one: one.about == "order" and one.collects is None),
    Subject(deliveries.again, of=lambda one: one.entry.event == "delivery_requested"),
    Subject(deliveries.of_order, of=lambda one: one.about == "order", words=frozenset({"delivery"})),
    Subject(bookings.one, of=lambda one: one.about == "booking"),
    Subject(webinars.one, of=lambda one: one.about == "webinar"),
    Subject(subscriptions.one, of=lambda one: one.about == "subscription"),
    Subject(carts.one, of=lambda one: one.about == "cart"),
    Subject(discounts.newest, of=lambda one: any(step.kind == "discount" for step in one.walk())),
    Subject(programme.book, words=frozenset({"book"})),
    Subject(programme.magnet, words=frozenset({"magnet"})),
    Subject(programme.bonus, words=frozenset({"bonus"})),
    Subject(programme.gift, words=frozenset({"gift"})),
    Subject(programme.launch, words=frozenset({"launch"})),
    Subject(programme.addresses, words=frozenset({"survey_url", "review_url"})),
    Subject(promotions.running, words=frozenset({"offer"})),
    Subject(programme.any_book, words=frozenset({"any_book"})),
    Subject(entries.product, of=lambda one: _by_event(one) or one.about == "order", words=frozenset({"product"})),
    Subject(entries.feature, of=_by_event, words=frozenset({"feature"})),
    Subject(recommendations.owned, of=_recommends, words=frozenset({"recommendations"})),
]

__all__ = ["SUBJECTS", "Asked", "Context", "Fill", "Subject"]
