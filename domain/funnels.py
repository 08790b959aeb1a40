"""A funnel: steps that visitors go through, each with its words, what it sells for how much, and what follows it.

A writer is asked for words alone. What is sold, for how much and where a step leads comes from the configuration
(`domain.funnel_plan`), is approved with the words, and stays as it was approved.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from domain.assets import Asset, Said, at_most
from domain.errors import NotFound

HEADLINE_LIMIT: Final = 120
TEXT_LIMIT: Final = 1_500
BULLET_LIMIT: Final = 300
BULLETS: Final = 8
BUTTON_LIMIT: Final = 60
DESCRIPTION_LIMIT: Final = 160

Strategy = Literal["value_ladder", "tripwire", "webinar", "challenge"]
STRATEGIES: Final[tuple[Strategy, ...]] = ("value_ladder", "tripwire", "webinar", "challenge")
# `capture` asks for an address, `offer` tells of what the next page sells, `order`, `upsell` and `downsell` are paid.
StepKind = Literal["capture", "offer", "lesson", "order", "upsell", "downsell", "confirm"]
SALES: Final = frozenset({"order", "upsell", "downsell"})


def _few(bullets: list[str]) -> list[str]:
    if len(bullets) > BULLETS:
        raise ValueError(f"must be at most {BULLETS} bullets, not {len(bullets)}")
    return bullets


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bump(_Frozen):
    """What can be added to an order by a tick: a key of the catalogue, or `templates`."""

    product: str
    name: str
    price: Decimal = Field(gt=0)


class Step(_Frozen):
    """One page.

    `price` is what `products` cost together; without one an order costs what the catalogue says at that moment.
    `reader_price` is what those pay who accepted the offer before it. What is saved is computed when it is shown.
    `target` is the share (0 to 1) of the visitors who are to say yes. `opens`: whoever has the address may begin here.
    """

    key: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$", description="the step's key, as it stands in the plan")
    headline: Annotated[Said, at_most(HEADLINE_LIMIT)] = Field(description="one line, at most 120 characters")
    text: Annotated[Said, at_most(TEXT_LIMIT)] = Field(
        description="one to three short paragraphs with an empty line between, at most 1500 characters"
    )
    bullets: Annotated[list[Annotated[Said, at_most(BULLET_LIMIT)]], AfterValidator(_few)] = Field(
        default_factory=list, description="at most 8, each one sentence of at most 300 characters"
    )
    button: Annotated[str, at_most(BUTTON_LIMIT)] = Field("", description="what the button says; empty at the end")
    decline: Annotated[str, at_most(BUTTON_LIMIT)] = Field("", description="what a plain no says; empty where none is")
    kind: SkipJsonSchema[StepKind] = "confirm"
    products: SkipJsonSchema[list[str]] = Field(default_factory=list)
    price: SkipJsonSchema[Decimal | None] = None
    reader_price: SkipJsonSchema[Decimal | None] = None
    bump: SkipJsonSchema[Bump | None] = None
    target: SkipJsonSchema[float | None] = Field(default=None, ge=0, le=1)
    bump_target: SkipJsonSchema[float | None] = Field(default=None, ge=0, le=1)
    yes: SkipJsonSchema[str] = ""
    no: SkipJsonSchema[str] = ""
    opens: SkipJsonSchema[bool] = False

    @property
    def sells(self) -> bool:
        """Whether its yes is a payment."""
        return self.kind in SALES

    @property
    def paragraphs(self) -> list[str]:
        """Its text by paragraphs."""
        return [part for part in self.text.split("\n\n") if part.strip()]


class Funnel(Asset):
    """All pages of one funnel, the first one first. `description` is the first page's meta description."""

    description: Annotated[Said, at_most(DESCRIPTION_LIMIT)] = Field(
        description="what the first page gives, for search engines and link previews: at most 160 characters"
    )
    steps: list[Step] = Field(description="one for each step of the plan, in its order and with its keys")
    strategy: SkipJsonSchema[str] = ""
    product: SkipJsonSchema[str] = ""
    currency: SkipJsonSchema[str] = "USD"
    magnet: SkipJsonSchema[str] = ""
    webinar: SkipJsonSchema[str] = ""

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Funnel:
        """Keys differ, and every way leads forwards to another step, so that every way ends."""
        keys = [step.key for step in self.steps]
        if not keys or len(keys) != len(set(keys)):
            raise ValueError("steps must be there, each with a key of its own")
        for number, step in enumerate(self.steps):
            astray = [key for key in (step.yes, step.no) if key and key not in keys[number + 1 :]]
            if astray:
                raise ValueError(f"step {step.key} leads to {astray[0]}, which is not a step after it")
        return self

    @property
    def first(self) -> Step:
        """Where visitors begin."""
        return self.steps[0]

    def step(self, key: str) -> Step:
        """The step of that key. Raises NotFound."""
        found = next((step for step in self.steps if step.key == key), None)
        if found is None:
            raise NotFound("There is no such page.")
        return found
