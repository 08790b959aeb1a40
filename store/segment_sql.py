"""A segment's filter as SQL: every value is a parameter, and no text of a filter ever becomes a statement.

What is counted is a grouped subquery, so that PostgreSQL counts once for everybody instead of once a person. Every
condition is true or false and never unknown, so that `not` means what people think it means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from domain import segments as domain
from domain.clock import Clock
from domain.errors import Invalid
from domain.segments import All, AnyOf, Filter, Not
from store.contacts import Contact
from store.events import Event
from store.journeys import OPEN, Journey
from store.messages import Message
from store.orders import Order

PEOPLE = Contact.__table__.c
Is = ColumnElement[bool]
LIVING: Is = and_(PEOPLE.merged_into.is_(None), PEOPLE.erased_at.is_(None))
_EVENTS, _MAILS = Event.__table__.c, Message.__table__.c
_ORDERS, _JOURNEYS = Order.__table__.c, Journey.__table__.c
_STANDINGS: dict[str, Is] = {
    "reachable": and_(
        PEOPLE.email.is_not(None),
        PEOPLE.opted_out_at.is_(None),
        PEOPLE.suppressed.is_(None),
        or_(PEOPLE.consented_at.is_not(None), PEOPLE.confirm_asked_at.is_(None)),
    ),
    "consented": PEOPLE.consented_at.is_not(None),
    "opted_out": PEOPLE.opted_out_at.is_not(None),
    "suppressed": PEOPLE.suppressed.is_not(None),
    "client": func.coalesce(PEOPLE.is_client, false()),
}


@dataclass(frozen=True, slots=True)
class Compiler:
    """Compiles filters as of `moment` (real). Windows are virtual days on `clock`.

    `others` are the filters of the segments that may be spoken of. `only` narrows what is counted to one person.
    """

    clock: Clock
    moment: datetime
    others: Mapping[str, Filter]
    only: UUID | None = None

    def where(self, node: Filter, within: tuple[str, ...] = ()) -> Is:
        """Whether a row of `contacts` is in it. Raises Invalid where segments speak of each other in a circle."""
        if isinstance(node, All):
            return and_(true(), *(self.where(one, within) for one in node.all))
        if isinstance(node, AnyOf):
            return or_(false(), *(self.where(one, within) for one in node.any))
        if isinstance(node, Not):
            return not_(self.where(node.negated, within))
        if isinstance(node, domain.InSegment):
            return self._segment(node, within)
        return _CONDITIONS[type(node)](self, node)

    def _segment(self, node: domain.InSegment, within: tuple[str, ...]) -> Is:
        if node.segment in within:
            raise Invalid(f"The segments {', '.join(within)} speak of each other in a circle.", "filter")
        other = self.others.get(node.segment)
        if other is None:
            raise Invalid(f"There is no segment {node.segment}.", "filter")
        return self.where(other, (*within, node.segment))

    def since(self, days: int) -> datetime:
        """The real moment that lies so many virtual days back."""
        return self.moment - self.clock.real_span(timedelta(days=days))

    def counted(self, node: Any, person: Any, moment: Any, *wanted: Is) -> Is:  # noqa: ANN401 - columns
        """Whether somebody has at least or at most so many rows."""
        rows = select(person.label("person")).where(*wanted, person.is_not(None))
        if node.days is not None:
            rows = rows.where(moment >= self.since(node.days))
        if self.only is not None:
            rows = rows.where(person == self.only)
        if node.op == "at_most":
            return not_(_any(_grouped(rows, node.count + 1)))
        return true() if node.count == 0 else _any(_grouped(rows, node.count))


def _grouped(rows: Select[Any], least: int) -> Select[Any]:
    """The people who have at least so many of these rows."""
    person = rows.selected_columns.person
    if least == 1:
        return rows.distinct()
    return rows.group_by(person).having(func.count() >= least)


def _any(people: Select[Any]) -> Is:
    found = people.subquery()
    return exists(select(1).select_from(found).where(found.c.person == PEOPLE.id))


def _tag(_: Compiler, node: domain.HasTag) -> Is:
    has: Is = PEOPLE.tags.contains([node.tag])
    return has


def _profile(_: Compiler, node: domain.Profile) -> Is:
    column = func.coalesce(getattr(PEOPLE, node.field), "")
    if node.op == "exists":
        return column != ""
    if node.op == "contains":
        return func.strpos(func.lower(column), func.lower(cast(node.value, Text))) > 0
    return column == node.value


def _attribute(_: Compiler, node: domain.Attribute) -> Is:
    value = PEOPLE.attributes[node.name]
    text, kind = PEOPLE.attributes[node.name].astext, func.coalesce(func.jsonb_typeof(value), "null")
    if node.op == "exists":
        return kind != "null"
    if node.op == "is":
        return func.coalesce(text == node.value, false())
    if node.op == "has":
        return case(
            (kind == "array", func.coalesce(value.op("?")(cast(node.value, Text)), false())),
            (kind == "string", func.strpos(text, cast(node.value, Text)) > 0),
            else_=false(),
        )
    number = cast(text, Numeric)
    bound = cast(Decimal(node.value), Numeric)
    return case((kind == "number", number > bound if node.op == "above" else number < bound), else_=false())


def _tier(_: Compiler, node: domain.Tier) -> Is:
    return func.coalesce(PEOPLE.attributes["tier"].astext == node.tier, false())


def _standing(_: Compiler, node: domain.Standing) -> Is:
    return _STANDINGS[node.standing]


def _joined(given: Compiler, node: domain.Joined) -> Is:
    since = given.since(node.days)
    came: Is = PEOPLE.created_at >= since if node.op == "within" else PEOPLE.created_at < since
    return came


def _event(given: Compiler, node: domain.Happened) -> Is:
    counts = [_EVENTS.type == node.event, _EVENTS.state != "rejected"]
    if not node.browser:
        counts.append(_EVENTS.client_side.is_(False))
    return given.counted(node, _EVENTS.contact_id, _EVENTS.occurred_at, *counts)


def _mail(given: Compiler, node: domain.Mailed) -> Is:
    moment = {"sent": _MAILS.sent_at, "opened": _MAILS.opened_at, "clicked": _MAILS.clicked_at}[node.what]
    return given.counted(node, _MAILS.contact_id, moment, moment.is_not(None))


def _purchase(given: Compiler, node: domain.Bought) -> Is:
    wanted = [_ORDERS.products.contains([node.product])] if node.product else []
    return given.counted(node, _ORDERS.contact_id, _ORDERS.paid_at, *wanted)


def _sequence(_: Compiler, node: domain.InSequence) -> Is:
    mine = [_JOURNEYS.contact_id == PEOPLE.id, _JOURNEYS.sequence == node.sequence]
    if node.state == "now":
        mine.append(_JOURNEYS.state.in_(OPEN))
    if node.state == "finished":
        mine.append(_JOURNEYS.state == "completed")
    return exists().where(*mine)


_CONDITIONS: dict[type, Callable[[Compiler, Any], Is]] = {
    domain.HasTag: _tag,
    domain.Profile: _profile,
    domain.Attribute: _attribute,
    domain.Tier: _tier,
    domain.Standing: _standing,
    domain.Joined: _joined,
    domain.Happened: _event,
    domain.Mailed: _mail,
    domain.Bought: _purchase,
    domain.InSequence: _sequence,
}
