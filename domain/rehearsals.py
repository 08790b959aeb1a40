"""A rehearsal: who it is played for, what happens to them, and the calendar that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from domain.conditions import Condition
from domain.errors import Invalid
from domain.sequences import REQUESTED, SEGMENT, DelayText, Sequence

EMAIL = "ann@rehearsal.example"
# The one webinar that a rehearsal knows of, a week after its beginning.
WEBINAR = "WB001"
MAX_EVENTS = 200
_COLUMNS = {"first_name", "company", "audience", "language", "timezone", "original_source"}
_MADE_UP = {
    "order": "purchase_completed",
    "cart": "checkout_started",
    "booking": "demo_booked",
    "subscription": "payment_failed",
}


class Happening(BaseModel):
    """Something that happens to the person, so long `after` the beginning. Payload times may be written `+3d`."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(pattern=r"^[a-z][a-z0-9_.]*$", max_length=100)
    after: DelayText | None = None
    payload: dict[str, Any] = Field(default_factory=dict)


class Given(BaseModel):
    """What is played. `contact` holds fields of the person, and attributes under any other name."""

    model_config = ConfigDict(extra="forbid")

    contact: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$", max_length=60)], Any] = Field(
        default_factory=dict, max_length=50
    )
    events: list[Happening] = Field(default_factory=list, max_length=MAX_EVENTS)
    at: AwareDatetime | None = None
    zone: str = "UTC"

    @field_validator("zone")
    @classmethod
    def _a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            msg = f"there is no timezone {value!r}; write it like Europe/Berlin"
            raise ValueError(msg) from None
        return value


class Line(BaseModel):
    """One line of the calendar. `at` is a moment of the person's own calendar, `day` the days since the beginning.

    `what` is `event`, `email`, `step`, `begins` or `ends`; `outcome` such as `sent` or `skipped`, `why` a sentence.
    """

    at: datetime
    day: int
    what: str
    step: str = ""
    title: str = ""
    outcome: str = ""
    why: str = ""


class Rehearsed(BaseModel):
    """The calendar. `not_reached` are the steps that never came, `took_s` the real seconds that it took."""

    sequence: str
    name: str
    zone: str
    lines: list[Line]
    not_reached: list[str]
    state: str
    why: str = ""
    took_s: float = 0.0


def person(text: str) -> tuple[str, Any]:
    """`first_name=Ann`, `is_client=true`, `tags=a,b`, `orders=3` as a field. Raises ValueError."""
    name, found, value = text.partition("=")
    if not found or not name.strip():
        msg = f"{text!r} is not a field of a person; write it like first_name=Ann"
        raise ValueError(msg)
    name, value = name.strip(), value.strip()
    if name == "tags":
        return name, [tag.strip() for tag in value.split(",") if tag.strip()]
    if value.lower() in {"true", "false"}:
        return name, value.lower() == "true"
    return name, int(value) if value.lstrip("-").isdecimal() else value


def given_of(contact: list[str], events: list[Any], at: str, zone: str) -> Given:
    """What was given, checked. Raises Invalid with the first thing that is wrong."""
    try:
        begins = datetime.fromisoformat(at) if at else None
        if begins is not None and begins.tzinfo is None:
            begins = begins.replace(tzinfo=ZoneInfo(zone))
        return Given.model_validate(
            {"contact": dict(map(person, contact)), "events": events, "at": begins, "zone": zone}
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{place}: {first['msg'].removeprefix('Value error, ')}", place) from None
    except (ValueError, KeyError) as error:
        raise Invalid(str(error), "contact") from None


def columns(contact: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of it are the person's own fields, and what their attributes."""
    own: dict[str, Any] = {name: str(value)[:200] for name, value in contact.items() if name in _COLUMNS}
    own |= {"tags": [str(tag) for tag in contact["tags"]]} if isinstance(contact.get("tags"), list) else {}
    own |= {"is_client": contact["is_client"]} if isinstance(contact.get("is_client"), bool) else {}
    return own, {name: value for name, value in contact.items() if name not in {*own, "email", "tags", "is_client"}}


def beginning(definition: Sequence, catalogue: Mapping[str, str]) -> Happening:
    """What would begin the sequence, made up so that its conditions on the event hold.

    `catalogue` is each product's kind, of which one is bought where it is about an order.
    """
    entry, key = definition.entry, definition.sequence
    made: dict[str, Any] = {}
    for condition in entry.when:
        if condition.field.startswith("payload."):
            _put(made, condition.field.removeprefix("payload."), _meeting(condition))
    if definition.anchor is not None and definition.anchor.startswith("payload."):
        made.setdefault(definition.anchor.removeprefix("payload."), "+30d")
    if entry.segment:
        return Happening(type=SEGMENT, payload={**made, "segment": entry.segment})
    if entry.manual:
        return Happening(type=REQUESTED, payload={**made, "sequence": key})
    made = {**_what_it_is_about(definition, catalogue), **made}
    if entry.event == "digital_purchased":
        return Happening(type="purchase_completed", payload=made)  # from which it follows
    return Happening(type=entry.event or _MADE_UP.get(definition.about, "signup"), payload=made)


def _what_it_is_about(definition: Sequence, catalogue: Mapping[str, str]) -> dict[str, Any]:
    """An order, a cart, a booking, … as its event would name it."""
    about = "order" if definition.collects == "orders" else definition.about
    made: dict[str, dict[str, Any]] = {
        "order": {"order_id": "rehearsed", "products": _bought(definition, catalogue)},
        "cart": {"cart_id": "rehearsed", "items": [_lying_in(definition)], "total": "10.00"},
        "booking": {"booking_id": "rehearsed", "starts_at": "+7d", "event_name": "Demo"},
        "webinar": {"webinar": WEBINAR},
        "subscription": {"subscription": "rehearsed", "status": "active", "ends_at": "+40d"},
    }
    return made.get(about, {})


def _lying_in(definition: Sequence) -> dict[str, Any]:
    """What is in the cart: the sequence's own product, where it has one."""
    return {"name": "Something", "quantity": 1, **({"product": definition.product} if definition.product else {})}


def _bought(definition: Sequence, catalogue: Mapping[str, str]) -> list[str]:
    """The sequence's own product, or one of a kind that it begins with."""
    if definition.product:
        return [definition.product]
    if definition.entry.event == "digital_purchased":
        return [key for key, kind in catalogue.items() if kind == "digital"][:1]
    wanted = [one for one in definition.entry.when if one.field == "order.kinds"]
    fitting = [key for key, kind in catalogue.items() if all(one.holds({"order": {"kinds": [kind]}}) for one in wanted)]
    return [*fitting, *catalogue][:1]


def _meeting(condition: Condition) -> Any:  # noqa: ANN401 - JSON
    """A value that meets a condition on the event."""
    value = condition.value
    if condition.op == "in":
        return value[0] if isinstance(value, list) and value else None
    if condition.op == "has":
        return [value]
    if condition.op in {"above", "below"} and isinstance(value, (int, float)):
        return value + 1 if condition.op == "above" else value - 1
    if condition.op == "exists":
        return "something" if value else None
    return value if condition.op == "is" else None


def _put(into: dict[str, Any], path: str, value: object) -> None:
    if value is None:
        return
    *outer, last = path.split(".")
    for part in outer:
        into = into.setdefault(part, {})
    into[last] = value
