"""Filters over people: PostgreSQL's answer is that of a plain model in Python, whatever is combined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, text

from domain import segments as domain
from domain.errors import Conflict, Invalid, NotFound
from domain.segments import All, AnyOf, Filter, Not, Segment
from store import segments
from store.base import now
from store.contacts import Contact
from store.events import Event
from store.messages import Message
from store.orders import Order
from store.segment_sql import PEOPLE
from tests.core_kit import World, somebody

DAY = timedelta(days=1)
TAGS, WORDS, TYPES = ("a", "b"), ("", "Team", "teams"), ("signup", "feature_usage")
ATTRIBUTES: tuple[dict[str, Any], ...] = (
    {}, {"plan": "pro"}, {"plan": 3}, {"plan": None}, {"plan": ["pro", "x"]}, {"plan": True}, {"seats": 7.5},
    {"seats": "7"},
)  # fmt: skip


@dataclass
class Who:
    """A person as the model sees them. Moments are days ago."""

    tags: tuple[str, ...] = ()
    audience: str = ""
    company: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    address: bool = True
    opted_out: bool = False
    suppressed: bool = False
    consented: bool = False
    unconfirmed: bool = False
    client: bool | None = None
    age: int = 0
    events: list[tuple[str, int, bool]] = field(default_factory=list)
    orders: list[tuple[str, int]] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    id: UUID = field(default_factory=uuid4)


people = st.builds(
    Who,
    tags=st.lists(st.sampled_from(TAGS), unique=True).map(tuple),
    audience=st.sampled_from(WORDS),
    company=st.sampled_from(WORDS),
    attributes=st.sampled_from(ATTRIBUTES),
    address=st.booleans(),
    opted_out=st.booleans(),
    suppressed=st.booleans(),
    consented=st.booleans(),
    unconfirmed=st.booleans(),
    client=st.sampled_from([None, True, False]),
    age=st.integers(0, 40),
    events=st.lists(st.tuples(st.sampled_from(TYPES), st.integers(0, 40), st.booleans()), max_size=4),
    orders=st.lists(st.tuples(st.sampled_from(["x", "y"]), st.integers(0, 40)), max_size=2),
)

counted: dict[str, st.SearchStrategy[Any]] = {
    "op": st.sampled_from(["at_least", "at_most"]),
    "count": st.integers(0, 3),
    "days": st.sampled_from([None, 7, 30]),
}
conditions: st.SearchStrategy[Filter] = st.one_of(
    st.builds(domain.HasTag, tag=st.sampled_from([*TAGS, "'; --"])),
    st.builds(
        domain.Profile,
        field=st.sampled_from(["audience", "company"]),
        op=st.sampled_from(["is", "contains", "exists"]),
        value=st.sampled_from(["", "team", "Team", "%"]),
    ),
    st.builds(
        domain.Attribute,
        name=st.sampled_from(["plan", "seats", "none"]),
        op=st.sampled_from(["is", "has", "above", "below", "exists"]),
        value=st.sampled_from(["3", "7", "8", "1e1"]),
    ),
    st.builds(
        domain.Attribute,
        name=st.just("plan"),
        op=st.sampled_from(["is", "has"]),
        value=st.sampled_from(["pro", "pr", "true"]),
    ),
    st.builds(
        domain.Standing, standing=st.sampled_from(["reachable", "consented", "opted_out", "suppressed", "client"])
    ),
    st.builds(domain.Joined, op=st.sampled_from(["within", "before"]), days=st.sampled_from([7, 30])),
    st.builds(domain.Happened, event=st.sampled_from(TYPES), browser=st.booleans(), **counted),
    st.builds(domain.Bought, product=st.sampled_from(["", "x"]), **counted),
)
filters: st.SearchStrategy[Filter] = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.builds(All, all=st.lists(inner, max_size=3)),
        st.builds(AnyOf, any=st.lists(inner, max_size=3)),
        st.builds(lambda node: Not(negated=node), inner),
    ),
    max_leaves=6,
)


def holds(node: Filter, who: Who) -> bool:
    """The model: what each filter means, without a database."""
    if isinstance(node, All):
        return all(holds(one, who) for one in node.all)
    if isinstance(node, AnyOf):
        return any(holds(one, who) for one in node.any)
    if isinstance(node, Not):
        return not holds(node.negated, who)
    return MODEL[type(node)](node, who)


def _profile(node: domain.Profile, who: Who) -> bool:
    known = getattr(who, node.field)
    if node.op == "contains":
        return node.value.lower() in known.lower()
    return bool(known == node.value if node.op == "is" else known != "")


def _as_text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _attribute(node: domain.Attribute, who: Who) -> bool:
    value = who.attributes.get(node.name)
    if node.op == "exists" or value is None:
        return node.op == "exists" and value is not None
    if node.op == "has":
        return node.value in value if isinstance(value, (list, str)) else False
    if node.op == "is":
        return not isinstance(value, list) and _as_text(value) == node.value
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    return value > float(node.value) if node.op == "above" else value < float(node.value)


def _standing(node: domain.Standing, who: Who) -> bool:
    reachable = who.address and not who.opted_out and not who.suppressed and (who.consented or not who.unconfirmed)
    holds = {
        "reachable": reachable, "consented": who.consented, "opted_out": who.opted_out, "suppressed": who.suppressed,
        "client": bool(who.client),
    }  # fmt: skip
    return bool(holds[node.standing])


def _often(node: Any, days: list[int]) -> bool:
    count = sum(node.days is None or ago < node.days for ago in days)
    return bool(count >= node.count if node.op == "at_least" else count <= node.count)


MODEL: dict[type, Callable[[Any, Who], bool]] = {
    domain.HasTag: lambda node, who: node.tag in who.tags,
    domain.Profile: _profile,
    domain.Attribute: _attribute,
    domain.Standing: _standing,
    domain.Joined: lambda node, who: (who.age < node.days) == (node.op == "within"),
    domain.Happened: lambda node, who: _often(
        node, [ago for kind, ago, client_side in who.events if kind == node.event and (node.browser or not client_side)]
    ),
    domain.Bought: lambda node, who: _often(
        node, [ago for product, ago in who.orders if node.product in {"", product}]
    ),
}


async def settle(world: World, crowd: list[Who]) -> None:
    """The people and what they did, as rows."""
    moment = now()
    async with world.db.transaction() as tx:
        await tx.execute(text("DELETE FROM orders"))
        await tx.execute(text("DELETE FROM events"))
        await tx.execute(text("UPDATE contacts SET erased_at = now()"))
        await tx.execute(insert(Contact), [_contact(who, moment) for who in crowd])
        events = [_event(who, one, moment) for who in crowd for one in who.events]
        orders = [_order(who, one, moment) for who in crowd for one in who.orders]
        if events:
            await tx.execute(insert(Event), events)
        if orders:
            await tx.execute(insert(Order), orders)


def _contact(who: Who, moment: datetime) -> dict[str, Any]:
    return {
        "id": who.id, "email": somebody() if who.address else None, "first_name": "", "company": who.company,
        "tags": list(who.tags), "audience": who.audience, "form_source": "", "attributes": who.attributes,
        "timezone": "UTC", "language": "en", "is_client": who.client,
        "opted_out_at": moment if who.opted_out else None, "suppressed": "bounced" if who.suppressed else None,
        "confirm_asked_at": moment if who.unconfirmed else None, "declined": [],
        "consented_at": moment if who.consented else None, "created_at": moment - who.age * DAY,
    }  # fmt: skip


def _event(who: Who, one: tuple[str, int, bool], moment: datetime) -> dict[str, Any]:
    return {
        "id": uuid4(), "key": f"contact:{who.id}", "type": one[0], "source": "test", "contact_id": who.id,
        "occurred_at": moment - one[1] * DAY, "received_at": moment, "payload": {}, "raw": b"",
        "client_side": one[2], "state": "routed", "attempts": 0, "duplicates": 0,
    }  # fmt: skip


def _order(who: Who, one: tuple[str, int], moment: datetime) -> dict[str, Any]:
    return {
        "id": uuid4(), "external_id": uuid4().hex, "event_id": uuid4(), "contact_id": who.id, "products": [one[0]],
        "kinds": [], "total": 1, "currency": "usd", "unresolved": False, "paid_at": moment - one[1] * DAY,
    }  # fmt: skip


async def inside(world: World, node: Filter) -> set[UUID]:
    async with world.db.transaction() as tx:
        found = await tx.execute(select(PEOPLE.id).where(await segments.where(tx, node, world.clock)))
        return set(found.scalars())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(crowd=st.lists(people, min_size=1, max_size=6), asked=st.lists(filters, min_size=1, max_size=5))
async def test_postgresql_answers_as_the_model_does(world: World, crowd: list[Who], asked: list[Filter]) -> None:
    crowd = [Who(**{**vars(who), "id": uuid4()}) for who in crowd]
    await settle(world, crowd)
    for wanted in asked:
        node = segments.read(segments.written(wanted))  # as it is stored
        meant = {who.id for who in crowd if holds(node, who)}
        assert await inside(world, node) == meant
        async with world.db.transaction() as tx:
            assert await segments.count(tx, node, world.clock) == len(meant)
            for who in crowd[:2]:
                told = await segments.because(tx, node, world.clock, who.id)
                assert told[id(node)] == holds(node, who)
                only = select(PEOPLE.id).where(PEOPLE.id == who.id, await segments.where(tx, node, world.clock, who.id))
                assert ((await tx.execute(only)).first() is not None) == holds(node, who)


async def make(world: World, key: str, filter_: dict[str, Any]) -> None:
    async with world.db.transaction() as tx:
        await segments.save(tx, Segment.model_validate({"segment": key, "name": key, "filter": filter_}), "user:1")


async def test_values_never_become_statements(world: World) -> None:
    node = segments.read(
        {"kind": "attribute", "name": "x' OR true --", "op": "is", "value": "'; DROP TABLE contacts; --"}
    )
    assert await inside(world, node) == set()
    async with world.db.transaction() as tx:
        made = select(PEOPLE.id).where(await segments.where(tx, node, world.clock))
        assert "DROP" not in str(made.compile(tx.bind))


async def test_segments_speak_of_each_other_but_not_in_a_circle(world: World) -> None:
    who = Who(tags=("a",))
    await settle(world, [who])
    await make(world, "ones", {"kind": "tag", "tag": "a"})
    await make(world, "others", {"not": {"kind": "segment", "segment": "ones"}})
    assert await inside(world, domain.InSegment(segment="ones")) == {who.id}
    assert await inside(world, domain.InSegment(segment="others")) == set()
    with pytest.raises(Invalid, match="circle"):
        await make(world, "ones", {"kind": "segment", "segment": "others"})
    with pytest.raises(Invalid, match="no segment"):
        await make(world, "third", {"kind": "segment", "segment": "nothing"})


async def test_a_segment_that_is_used_stays(world: World) -> None:
    await make(world, "kept", {"all": []})
    await make(world, "user_of_it", {"kind": "segment", "segment": "kept"})
    async with world.db.transaction() as tx:
        with pytest.raises(Conflict, match="user_of_it"):
            await segments.remove(tx, "kept", "user:1")
    async with world.db.transaction() as tx:
        await segments.remove(tx, "user_of_it", "user:1")
        await segments.remove(tx, "kept", "user:1")
    async with world.db.transaction() as tx:
        with pytest.raises(NotFound):
            await segments.get(tx, "kept")


async def test_every_change_is_a_version_with_its_author(world: World) -> None:
    await make(world, "changing", {"all": []})
    await make(world, "changing", {"all": []})
    await make(world, "changing", {"kind": "tag", "tag": "a"})
    async with world.db.transaction() as tx:
        row = await segments.get(tx, "changing")
        told = await tx.execute(text("SELECT action FROM audit WHERE target = 'segment:changing' ORDER BY at"))
        assert (row.version, list(told.scalars())) == (2, ["segment.made", "segment.changed"])


async def test_who_opened_and_who_is_in_a_sequence(world: World) -> None:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact")
    await world.route()
    contact, journey = await world.contact(email), await world.journey(email, "demo_nurture")
    async with world.db.transaction() as tx:
        tx.add(
            Message(
                id=uuid4(), journey_id=journey.id, contact_id=contact.id, sequence="demo_nurture", step="one",
                lane="marketing", state="sent", sent_at=now() - 3 * DAY, opened_at=now() - 2 * DAY,
            )
        )  # fmt: skip
    yes: list[dict[str, Any]] = [
        {"kind": "mail", "what": "opened", "days": 3}, {"kind": "mail", "what": "sent"},
        {"kind": "mail", "what": "clicked", "op": "at_most", "count": 0},
        {"kind": "sequence", "sequence": "demo_nurture"},
        {"kind": "sequence", "sequence": "demo_nurture", "state": "ever"},
    ]  # fmt: skip
    no: list[dict[str, Any]] = [
        {"kind": "mail", "what": "opened", "days": 1}, {"kind": "mail", "what": "sent", "count": 2},
        {"kind": "sequence", "sequence": "demo_nurture", "state": "finished"},
        {"kind": "sequence", "sequence": "other"},
    ]  # fmt: skip
    for filter_ in yes:
        assert contact.id in await inside(world, segments.read(filter_)), filter_
    for filter_ in no:
        assert contact.id not in await inside(world, segments.read(filter_)), filter_
