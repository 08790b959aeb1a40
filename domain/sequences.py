"""A sequence as people write it: entry, exits and steps, checked before anything runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from domain.conditions import Condition, Operator
from domain.schedule import Delay

Lane = Literal["transactional", "marketing"]
Reentry = Literal["ignore", "merge", "restart", "parallel"]
StepKind = Literal["email", "crm", "platform", "exit"]
KINDS: tuple[StepKind, ...] = ("email", "crm", "platform", "exit")
_OPERATORS: tuple[Operator, ...] = ("is", "is_not", "in", "has", "above", "below", "exists")


def _delay(value: object) -> object:
    return Delay.parse(value) if isinstance(value, str) else value


DelayText = Annotated[
    Delay,
    BeforeValidator(_delay),
    PlainSerializer(
        lambda delay: f"{delay.days}d{delay.seconds // 3600}h{delay.seconds % 3600 // 60}m", return_type=str
    ),
]


def _condition(value: object) -> object:
    """`{field: payload.form, is: contact}` → field, op, value."""
    if not isinstance(value, dict) or "op" in value:
        return value
    ops = [op for op in _OPERATORS if op in value]
    if len(ops) != 1:
        msg = f"needs a field and exactly one of {', '.join(_OPERATORS)}"
        raise ValueError(msg)
    rest = {key: item for key, item in value.items() if key != ops[0]}
    return {**rest, "op": ops[0], "value": value[ops[0]]}


When = Annotated[Condition, BeforeValidator(_condition)]


class Entry(BaseModel):
    """What begins a journey: an event type, and conditions that all must hold."""

    model_config = ConfigDict(extra="forbid")

    event: str = Field(pattern=r"^[a-z][a-z0-9_.]*$")
    when: list[When] = Field(default_factory=list)


class Step(BaseModel):
    """One thing that happens to the person at an offset from the journey's start.

    Written with exactly one kind as a key: `email: <template>`, `crm: {…}`, `platform: {…}` or
    `exit: <reason>`.
    """

    model_config = ConfigDict(extra="forbid")

    key: str = Field(pattern=r"^[a-z0-9_]+$", max_length=60)
    at: DelayText = Delay()
    kind: StepKind
    template: str | None = None
    settings: dict[str, str] = Field(default_factory=dict)
    discount_percent: int | None = Field(default=None, ge=1, le=100)
    calendar: bool = False
    late_after_h: float = Field(default=24, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _from_kind_key(cls, value: Any) -> Any:  # noqa: ANN401 - pydantic's signature
        if not isinstance(value, dict) or "kind" in value:
            return value
        kinds = [kind for kind in KINDS if kind in value]
        if len(kinds) != 1:
            msg = f"a step needs exactly one of {', '.join(KINDS)}"
            raise ValueError(msg)
        kind = kinds[0]
        rest = {key: item for key, item in value.items() if key != kind}
        body = value[kind]
        if kind == "email":
            return {"key": body, **rest, "kind": kind, "template": body}
        if kind == "exit":
            return {"key": "exit", **rest, "kind": kind, "settings": {"reason": body}}
        return {"key": kind, **rest, "kind": kind, "settings": body}


class Sequence(BaseModel):
    """A sequence definition. `exit` and `goal` are event types that end a journey at once.

    `hold_while: demo_booked` pauses it while the contact has a demo ahead; the wait that remained goes
    on after. `reentry` says what a second entry does while one is open; `again` whether one may begin
    after the last ended. `collects: orders` lets mails show all that was bought during the journey.
    """

    model_config = ConfigDict(extra="forbid")

    sequence: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    name: str = Field(min_length=1, max_length=120)
    brand: str = "default"
    lane: Lane = "marketing"
    workflow: Literal["ContactSequence", "CartRecovery"] = "ContactSequence"
    about: Literal["event", "order", "booking", "cart"] = "event"
    entry: Entry
    reentry: Reentry = "ignore"
    again: bool = True
    exit: list[str] = Field(default_factory=list)
    goal: list[str] = Field(default_factory=list)
    hold_while: Literal["demo_booked"] | None = None
    collects: Literal["orders"] | None = None
    hold: DelayText | None = None
    steps: list[Step] = Field(min_length=1)

    @model_validator(mode="after")
    def _ordered_and_unique(self) -> Sequence:
        keys = [step.key for step in self.steps]
        doubled = {key for key in keys if keys.count(key) > 1}
        if doubled:
            msg = f"two steps are called {', '.join(sorted(doubled))}; give one its own key"
            raise ValueError(msg)
        offsets = [step.at.nominal_s for step in self.steps]
        if offsets != sorted(offsets):
            msg = "steps must stand in the order of their times"
            raise ValueError(msg)
        if self.reentry == "merge" and self.collects is None:
            msg = "reentry: merge needs collects: orders, which says what is merged"
            raise ValueError(msg)
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

    def step(self, key: str) -> Step:
        """The step of that key. Raises KeyError."""
        return {step.key: step for step in self.steps}[key]

    def lateness(self, key: str) -> timedelta:
        """How late (virtual) a step may be and still be sent."""
        return timedelta(hours=self.step(key).late_after_h)
