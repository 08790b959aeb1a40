"""What a lead is interested in, and what follows from it: fixed words, and rules that a person wrote.

A model only ever picks among these words. None of its own reaches a person.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model, model_validator

PriceRange = Literal["unknown", "low", "middle", "high"]
Format = Literal["unknown", "digital", "training"]
BuyingStage = Literal["unknown", "exploring", "comparing", "ready"]
PRICE_RANGES: tuple[PriceRange, ...] = get_args(PriceRange)
FORMATS: tuple[Format, ...] = get_args(Format)
BUYING_STAGES: tuple[BuyingStage, ...] = get_args(BuyingStage)
MOST_INTERESTS = 5
MOST_RECOMMENDED = 6

_Word = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)]
_Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=120)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _few(most: int) -> AfterValidator:
    """A validator and no JSON-schema keyword, since structured output of several endpoints refuses `maxItems`."""

    def check(words: list[str]) -> list[str]:
        if len(words) > most:
            msg = f"must be at most {most}, not {len(words)}"
            raise ValueError(msg)
        return list(dict.fromkeys(words))

    return AfterValidator(check)


class Profile(_Strict):
    """What is known of a person's wishes. `interests` are words of the configuration, the strongest first."""

    interests: Annotated[list[str], _few(MOST_INTERESTS)]
    price_range: PriceRange
    format: Format
    buying_stage: BuyingStage


NOTHING_KNOWN = Profile(interests=[], price_range="unknown", format="unknown", buying_stage="unknown")


class Picked(_Strict):
    """Products to recommend, by their keys, the best first."""

    products: Annotated[list[str], _few(MOST_RECOMMENDED)]


class Match(_Strict):
    """What a profile must say. Everything that is named must hold; of `interests` one is enough."""

    interests: list[_Word] = Field(default_factory=list)
    price_range: PriceRange | None = None
    format: Format | None = None
    buying_stage: BuyingStage | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Match:
        if not self.interests and not self._fixed():
            raise ValueError("name at least one of interests, price_range, format and buying_stage")
        return self

    def holds(self, profile: Profile) -> bool:
        """Whether the profile says so."""
        if self.interests and not set(self.interests) & set(profile.interests):
            return False
        return all(getattr(profile, name) == value for name, value in self._fixed().items())

    def sentence(self) -> str:
        """The condition in words: `interests has on-call and buying stage is ready`."""
        parts = [f"interests has {' or '.join(self.interests)}"] if self.interests else []
        parts += [f"{name.replace('_', ' ')} is {value}" for name, value in self._fixed().items()]
        return " and ".join(parts)

    def _fixed(self) -> dict[str, str]:
        named = {"price_range": self.price_range, "format": self.format, "buying_stage": self.buying_stage}
        return {name: value for name, value in named.items() if value is not None}


class Rule(_Strict):
    """What follows from a profile: the sequence that welcomes the person, or the product that mails offer."""

    when: Match
    sequence: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*)?$", max_length=60)
    offer: _Key | Literal[""] = ""

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Rule:
        if not self.sequence and not self.offer:
            raise ValueError("name a sequence, an offer or both")
        return self


class Personalization(_Strict):
    """`interests` are all the words that a profile may use. The first rule that holds and names one decides.

    `recommend`: how many products a model recommends at most after a purchase.
    """

    interests: list[_Word] = Field(default_factory=list, max_length=40)
    rules: list[Rule] = Field(default_factory=list)
    recommend: int = Field(default=3, ge=1, le=MOST_RECOMMENDED)

    @model_validator(mode="after")
    def _words_are_known(self) -> Personalization:
        for rule in self.rules:
            unknown = [word for word in rule.when.interests if word not in self.interests]
            if unknown:
                msg = f"a rule looks for {', '.join(unknown)}, which interests do not name"
                raise ValueError(msg)
        return self


@dataclass(frozen=True, slots=True)
class Choice:
    """What the rules chose, with the sentence of the one that decided each. An empty `sequence` is the welcome."""

    sequence: str = ""
    offer: str = ""
    why_sequence: str = ""
    why_offer: str = ""

    @property
    def because(self) -> list[str]:
        """The sentences, where something was chosen."""
        return [why for why in (self.why_sequence, self.why_offer) if why]


def choose(profile: Profile, rules: Sequence[Rule], owned: Collection[str] = ()) -> Choice:
    """The first rule that holds decides on the sequence, the first one on the offer; nothing is offered twice."""
    holding = [rule for rule in rules if rule.when.holds(profile)]
    by_sequence = next((rule for rule in holding if rule.sequence), None)
    by_offer = next((rule for rule in holding if rule.offer and rule.offer not in owned), None)
    return Choice(
        sequence=by_sequence.sequence if by_sequence else "",
        offer=by_offer.offer if by_offer else "",
        why_sequence=f"{by_sequence.when.sentence()} → {by_sequence.sequence}" if by_sequence else "",
        why_offer=f"{by_offer.when.sentence()} → {by_offer.offer}" if by_offer else "",
    )


def profile_among(interests: Sequence[str]) -> type[Profile]:
    """The shape of an answer that can hold these interests and no other word."""
    return create_model("Profile", __base__=Profile, interests=(_some_of(interests, MOST_INTERESTS), ...))


def picked_among(products: Sequence[str], most: int) -> type[Picked]:
    """The shape of an answer that can hold at most so many of these products and nothing else."""
    return create_model("Picked", __base__=Picked, products=(_some_of(products, most), ...))


def _some_of(words: Sequence[str], most: int) -> Any:  # noqa: ANN401 - a type that is made from data
    """A list of these words alone; in the JSON schema they are an `enum`."""
    one: Any = Literal[tuple(words)]
    return Annotated[list[one], _few(most)]
