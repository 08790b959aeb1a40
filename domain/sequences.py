"""A sequence as people write it: entry, exits and steps, checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Many
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from domain.conditions import When
from domain.schedule import Delay
from domain.steps import KINDS
from domain.steps.base import Body
from domain.windows import Window, Windows

Lane = Literal["transactional", "marketing"]
Reentry = Literal["ignore", "merge", "restart", "parallel"]
B = TypeVar("B", bound=Body)
# What the marketer asks for by hand, or with an import.
REQUESTED = "enrolment_requested"
SEGMENT = "segment_entered"
_ANCHOR = r"^(payload\.[A-Za-z0-9_]+|launch\.date|booking\.(starts|ends)_at|webinar\.starts_at|subscription\.ends_at)$"


def _delay(value: object) -> object:
    return Delay.parse(value) if isinstance(value, str) else value


DelayText = Annotated[Delay, BeforeValidator(_delay), PlainSerializer(lambda delay: delay.text, return_type=str)]


class Entry(BaseModel):
    """What begins a journey: an event type, a segment that the person comes into, or a person's wish alone.

    Conditions must all hold. Whoever may be enrolled at all may also be enrolled by hand. What a browser tells begins
    nothing unless `browser` says so: anybody can make it up.
    """

    model_config = ConfigDict(extra="forbid")

    event: str = Field(default="", pattern=r"^([a-z][a-z0-9_.]*)?$")
    segment: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*)?$")
    manual: bool = False
    browser: bool = False
    when: list[When] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_way_in(self) -> Entry:
        if sum([bool(self.event), bool(self.segment), self.manual]) != 1:
            raise ValueError("name exactly one of event, segment and manual")
        if self.browser and not self.event:
            raise ValueError("browser belongs to an event")
        return self

    def begins_with(self, event_type: str, payload: dict[str, Any], sequence: str) -> bool:
        """Whether an event is this entry's kind of event; its conditions are looked at apart."""
        if event_type == REQUESTED:
            return payload.get("sequence") == sequence
        if self.segment:
            return event_type == SEGMENT and payload.get("segment") == self.segment
        return bool(self.event) and event_type == self.event


class Variant(BaseModel):
    """One way of a split. Weights are relative to each other."""

    model_config = ConfigDict(extra="forbid")

    weight: float = Field(default=1, gt=0)
    steps: list[Step] = Field(default_factory=list)


class Step(BaseModel):
    """One thing that happens, at an offset from the journey's anchor or as soon as the step before is done.

    Written with exactly one kind as a key (`domain.steps.KINDS`): `email: <template>`, `wait: 2d`, `branch: […]`.
    `body` is what stands under it. `timed` is whether `at` was written. `once` is a word that lets a mail go to a
    person once, whatever sequence asks: `review:{payload.product}`. `send_window` is when a marketing mail may go
    out, in the person's zone; without it the sequence's own is kept to.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    key: str = Field(pattern=r"^[a-z0-9_]+$", max_length=60)
    at: DelayText = Delay()
    timed: bool = True
    kind: str
    body: dict[str, Any] = Field(default_factory=dict)
    template: str | None = None
    settings: dict[str, str] = Field(default_factory=dict)
    discount_percent: int | None = Field(default=None, ge=1, le=100)
    calendar: bool = False
    once: str = Field(default="", max_length=200)
    late_after_h: float = Field(default=24, gt=0)
    send_window: Windows = Field(default_factory=list)
    then: list[Step] = Field(default_factory=list)
    otherwise: list[Step] = Field(default_factory=list, alias="else")
    variants: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]+$")], Variant] = Field(default_factory=dict)
    unnamed: bool = Field(default=False, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _from_kind_key(cls, value: Any) -> Any:  # noqa: ANN401 - pydantic's signature
        if not isinstance(value, dict):
            return value
        if "kind" in value:
            return {"body": _old_body(value), **value}
        kinds = [kind for kind in KINDS if kind in value]
        if len(kinds) != 1:
            msg = f"a step needs exactly one of {', '.join(KINDS)}"
            raise ValueError(msg)
        kind = kinds[0]
        rest = {key: item for key, item in value.items() if key != kind}
        body = KINDS[kind].read(value[kind])
        made = {"key": body.get("template") if kind == "email" else kind, **rest, "kind": kind, "body": body}
        unnamed = "key" not in value and kind != "email"
        return {**made, "timed": "at" in value, "unnamed": unnamed} | _plain(kind, body)

    @field_validator("body", mode="after")
    @classmethod
    def _body_is_of_its_kind(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        kind = KINDS.get(str(info.data.get("kind")))
        if kind is None:
            msg = f"there is no kind of step {info.data.get('kind')!r}"
            raise ValueError(msg)
        try:
            return kind.body.model_validate(value).model_dump(mode="json")
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ValueError(": ".join(part for part in (place, first["msg"]) if part)) from None

    @model_validator(mode="after")
    def _nests_what_its_kind_nests(self) -> Step:
        given = {"then": self.then, "else": self.otherwise, "variants": self.variants}
        alien = [name for name, inner in given.items() if inner and name not in KINDS[self.kind].nests]
        if alien:
            msg = f"a step of kind {self.kind} has no {alien[0]}"
            raise ValueError(msg)
        if self.kind == "split" and not self.variants:
            raise ValueError("a split needs variants")
        return self

    def read(self, shape: type[B]) -> B:
        """The body as its kind's class."""
        return shape.model_validate(self.body)

    @model_validator(mode="after")
    def _only_mails_have_windows(self) -> Step:
        if self.send_window and self.kind != "email":
            msg = f"send_window belongs to a mail, and this is a step of kind {self.kind}"
            raise ValueError(msg)
        return self

    @property
    def label(self) -> str:
        """When it comes, as people say it: `Day 5`, or what it waits for."""
        if self.kind == "wait":
            return f"After {Delay.parse(self.body['delay']).label.lower()}"
        return self.at.label if self.timed else "Then"

    def inner(self) -> Iterator[tuple[str, Many[Step]]]:
        """The lists of steps inside it, each under its name."""
        yield from ((name, steps) for name, steps in (("then", self.then), ("else", self.otherwise)) if steps)
        yield from ((name, variant.steps) for name, variant in self.variants.items())


def _old_body(stored: dict[str, Any]) -> dict[str, Any]:
    """The body of a step that was stored before there were bodies, in `template` or `settings`."""
    kind, settings = stored["kind"], stored.get("settings") or {}
    if kind == "email":
        return {"template": stored.get("template")}
    return {"attributes": settings} if kind == "platform" else settings


def _plain(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """The first kinds are also read from fields of their own."""
    if kind == "email":
        return {"template": body.get("template")}
    if kind == "platform":
        return {"settings": body.get("attributes")}
    return {"settings": body} if kind in {"crm", "exit"} else {}


class Sequence(BaseModel):
    """A sequence definition. `exit` and `goal` are event types that end a journey at once.

    `hold_while: demo_booked` pauses it while the contact has a demo ahead; the wait that remained goes
    on after. `reentry` says what a second entry does while one is open; `again` whether one may begin
    after the last ended. `collects: orders` lets mails show all that was bought during the journey. `anchor` is what
    `at` counts from, where that is not the entry; of two journeys that the cap has one mail left for, the one with the
    higher `priority` (1 to 9) goes first. `send_window` is when its marketing mails may go out, in the person's zone.

    `product` is what its mails call `book`, by its key in the catalogue. `instead_of` names the sequence whose place it
    takes: an event that is about this one does not bring anybody into that one.
    """

    model_config = ConfigDict(extra="forbid")

    sequence: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    name: str = Field(min_length=1, max_length=120)
    brand: str = "default"
    lane: Lane = "marketing"
    topic: str = Field(default="marketing", pattern=r"^[a-z][a-z0-9_]*$")
    product: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9-]*)?$")
    instead_of: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*)?$")
    priority: int = Field(default=5, ge=1, le=9)
    workflow: Literal["ContactSequence", "CartRecovery"] = "ContactSequence"
    about: Literal["event", "order", "booking", "cart", "webinar", "subscription"] = "event"
    entry: Entry
    anchor: str | None = Field(default=None, pattern=_ANCHOR)
    launch_date: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?$")
    reentry: Reentry = "ignore"
    again: bool = True
    exit: list[str] = Field(default_factory=list)
    goal: list[str] = Field(default_factory=list)
    hold_while: Literal["demo_booked"] | None = None
    collects: Literal["orders"] | None = None
    hold: DelayText | None = None
    send_window: Windows = Field(default_factory=list)
    steps: list[Step] = Field(min_length=1)

    @model_validator(mode="after")
    def _ordered_and_unique(self) -> Sequence:
        _number(list(self.walk()))
        keys = [step.key for step in self.walk()]
        doubled = {key for key in keys if keys.count(key) > 1}
        if doubled:
            msg = f"two steps are called {', '.join(sorted(doubled))}; give one its own key"
            raise ValueError(msg)
        for steps in _lists(self.steps):
            offsets = [step.at.nominal_s for step in steps if step.timed]
            if offsets != sorted(offsets):
                msg = "steps must stand in the order of their times"
                raise ValueError(msg)
        if self.reentry == "merge" and self.collects is None:
            msg = "reentry: merge needs collects: orders, which says what is merged"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _anchored(self) -> Sequence:
        if self.anchor is None and any(step.at.nominal_s < 0 for step in self.walk()):
            raise ValueError("a time before needs an anchor that it is before of")
        if (self.anchor == "launch.date") != (self.launch_date is not None):
            raise ValueError("anchor: launch.date and launch_date belong together")
        thing = (self.anchor or "").partition(".")[0]
        if thing in {"booking", "webinar", "subscription"} and self.about != thing:
            msg = f"anchor: {self.anchor} needs about: {thing}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _event_fits(self) -> Sequence:
        """A browser may name any order, cart or booking, whoever's it is. What stands in begins by the same event."""
        if self.instead_of and (not self.entry.event or self.instead_of == self.sequence):
            raise ValueError("instead_of names another sequence, which begins by the same event")
        if self.entry.browser and (self.about != "event" or self.collects is not None):
            raise ValueError("entry.browser needs about: event, and cannot have collects")
        return self

    @model_validator(mode="after")
    def _only_marketing_waits(self) -> Sequence:
        if self.lane == "transactional" and (self.send_window or any(step.send_window for step in self.walk())):
            raise ValueError("lane: transactional is never held back, so it cannot have a send_window")
        return self

    @model_validator(mode="after")
    def _cart_is_whole(self) -> Sequence:
        """`CartRecovery` reminds of one cart while its stock is held, and does nothing else."""
        if self.workflow != "CartRecovery":
            return self
        if self.about != "cart" or self.hold is None or self.hold_while is not None:
            msg = "workflow: CartRecovery needs about: cart and a hold, and cannot have hold_while"
            raise ValueError(msg)
        if any(step.kind != "email" for step in self.steps):
            msg = "workflow: CartRecovery has e-mail steps only"
            raise ValueError(msg)
        if self.hold.nominal_s < self.steps[-1].at.nominal_s:
            msg = "the hold must not end before the last step"
            raise ValueError(msg)
        return self

    @property
    def exclusive(self) -> bool:
        """Whether a contact can be in it once at a time."""
        return self.reentry != "parallel"

    @property
    def endings(self) -> list[str]:
        """Every event type that ends a journey."""
        return [*self.exit, *self.goal]

    def walk(self) -> Iterator[Step]:
        """Every step in the order in which they are written, those inside others after the one that they stand in."""
        yield from _walk(self.steps)

    def step(self, key: str) -> Step:
        """The step of that key. Raises KeyError."""
        return {step.key: step for step in self.walk()}[key]

    def find(self, key: str) -> Step | None:
        """The step of that key, where there is one: a version may be without it."""
        return next((step for step in self.walk() if step.key == key), None)

    def lateness(self, key: str) -> timedelta:
        """How late (virtual) a step may be and still be sent."""
        return timedelta(hours=self.step(key).late_after_h)

    def windows(self, step: Step) -> Many[Window]:
        """When the step's mail may go out: its own windows, else those of the sequence; none: at any time."""
        return step.send_window or self.send_window


def _number(steps: Many[Step]) -> None:
    """Steps that nobody named are called by their kind: `wait`, `wait_2`, `wait_3`."""
    taken = {step.key for step in steps if not step.unnamed}
    for step in steps:
        if step.unnamed:
            names = (step.kind, *(f"{step.kind}_{number}" for number in range(2, len(steps) + 2)))
            step.key = next(name for name in names if name not in taken)
            step.unnamed = False
            taken.add(step.key)


def _walk(steps: Many[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        for _, inner in step.inner():
            yield from _walk(inner)


def _lists(steps: Many[Step]) -> Iterator[Many[Step]]:
    """This list of steps, and every list inside it."""
    yield steps
    for step in steps:
        for _, inner in step.inner():
            yield from _lists(inner)
