"""What every kind of step is described by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from domain import names
from domain.schedule import Delay

# The activity that carries out everything which happens in rows alone.
IN_ROWS: Final = names.STEP


class Body(BaseModel):
    """What stands under a kind's key in YAML."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _delay(value: object) -> object:
    made = Delay.parse(value) if isinstance(value, str) else value
    if isinstance(made, Delay) and made.nominal_s < 0:
        raise ValueError("a wait cannot be negative")
    return made


DelayText = Annotated[Delay, BeforeValidator(_delay), PlainSerializer(lambda delay: delay.text, return_type=str)]


def as_it_is(value: Any) -> Any:  # noqa: ANN401 - YAML
    """A body that is written as its fields."""
    return value


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of step.

    `body` is its schema; `read` turns a short form into its fields (`wait: 2d`). `activity` carries it out, and is None
    where only the clock does. `nests` names the lists of steps that may stand beside it.
    """

    name: str
    body: type[Body]
    activity: str | None = IN_ROWS
    read: Callable[[Any], Any] = as_it_is
    nests: tuple[str, ...] = ()
