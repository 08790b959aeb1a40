"""A segment's filter as data: who is meant, in conditions that are combined by all, any and not."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

MAX_DEPTH = 8
MAX_CONDITIONS = 60
KEY = r"^[a-z][a-z0-9_]*$"
Op = Literal["at_least", "at_most"]


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds a character that cannot be stored")
    return text


def _number(text: str) -> None:
    try:
        finite = isfinite(float(text))
    except ValueError:
        finite = False
    if not finite:
        raise ValueError("above and below need a number")


Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_storable)]
Days = Annotated[int, Field(ge=1, le=3650)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


class _Node(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class HasTag(_Node):
    """The person has this tag."""

    kind: Literal["tag"] = "tag"
    tag: Word

    def sentence(self) -> str:
        """The condition in words."""
        return f"has the tag “{self.tag}”"


ProfileField = Literal[
    "audience", "language", "timezone", "company", "form_source", "original_source", "latest_source", "assigned_rep",
    "email",
]  # fmt: skip


class Profile(_Node):
    """What is known of everybody. `contains` looks for a part, whatever its case; `exists` whether it is told."""

    kind: Literal["profile"] = "profile"
    field: ProfileField
    op: Literal["is", "contains", "exists"] = "is"
    value: Annotated[str, Field(max_length=200), AfterValidator(_storable)] = ""

    def sentence(self) -> str:
        """The condition in words."""
        name = self.field.replace("_", " ")
        return f"{name} is known" if self.op == "exists" else f"{name} {self.op} “{self.value}”"


class Attribute(_Node):
    """A free attribute. `is` compares texts, `has` looks into a list or for a part of a text, the rest are numbers."""

    kind: Literal["attribute"] = "attribute"
    name: Word
    op: Literal["is", "has", "above", "below", "exists"] = "is"
    value: Annotated[str, Field(max_length=200), AfterValidator(_storable)] = ""

    @model_validator(mode="after")
    def _number_where_one_is_needed(self) -> Attribute:
        if self.op in {"above", "below"}:
            _number(self.value)
        return self

    def sentence(self) -> str:
        """The condition in words."""
        shown = "is known" if self.op == "exists" else f"{self.op} “{self.value}”"
        return f"the attribute “{self.name}” {shown}"


class Tier(_Node):
    """How engaged the person is."""

    kind: Literal["tier"] = "tier"
    tier: Word

    def sentence(self) -> str:
        """The condition in words."""
        return f"is in the tier “{self.tier}”"


StandingWord = Literal["reachable", "consented", "opted_out", "suppressed", "client"]
_STANDINGS: dict[str, str] = {
    "reachable": "may get marketing mail",
    "consented": "has agreed to marketing mail",
    "opted_out": "has unsubscribed",
    "suppressed": "is suppressed",
    "client": "is a client",
}


class Standing(_Node):
    """Consent, suppression, and whether the CRM knows them as a client.

    `reachable`: has an address, is neither suppressed nor opted out.
    """

    kind: Literal["standing"] = "standing"
    standing: StandingWord

    def sentence(self) -> str:
        """The condition in words."""
        return _STANDINGS[self.standing]


class Joined(_Node):
    """We have known the person for at most (`within`) or for longer than (`before`) so many days."""

    kind: Literal["joined"] = "joined"
    op: Literal["within", "before"] = "within"
    days: Days = 30

    def sentence(self) -> str:
        """The condition in words."""
        return f"came {'within the last' if self.op == 'within' else 'more than'} {_days(self.days)}" + (
            " ago" if self.op == "before" else ""
        )


class _Counted(_Node):
    """How often something happened, ever or within the last `days`."""

    op: Op = "at_least"
    count: Count = 1
    days: Days | None = None

    def _often(self) -> str:
        bound = "at least" if self.op == "at_least" else "at most"
        window = f" in the last {_days(self.days)}" if self.days else ""
        return f"{bound} {self.count} time{'s' * (self.count != 1)}{window}"


class Happened(_Counted):
    """Events of one type. Those that a browser sent are counted only where `browser` says so: anybody can send them."""

    kind: Literal["event"] = "event"
    event: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*$", max_length=100)]
    browser: bool = False

    def sentence(self) -> str:
        """The condition in words."""
        return f"{self.event.replace('_', ' ')} happened {self._often()}"


class Mailed(_Counted):
    """Mails that went out to the person, were opened, or clicked."""

    kind: Literal["mail"] = "mail"
    what: Literal["sent", "opened", "clicked"] = "opened"

    def sentence(self) -> str:
        """The condition in words."""
        said = {"sent": "was sent a mail", "opened": "opened a mail", "clicked": "clicked in a mail"}[self.what]
        return f"{said} {self._often()}"


class Bought(_Counted):
    """Orders, of one product (its key in the catalogue) or of anything."""

    kind: Literal["purchase"] = "purchase"
    product: Annotated[str, Field(max_length=200), AfterValidator(_storable)] = ""

    def sentence(self) -> str:
        """The condition in words."""
        return f"bought {f'“{self.product}”' if self.product else 'something'} {self._often()}"


class InSequence(_Node):
    """`now`: the person is in this sequence; `ever`: is or was; `finished`: came to its end."""

    kind: Literal["sequence"] = "sequence"
    sequence: Annotated[str, Field(pattern=KEY, max_length=60)]
    state: Literal["now", "ever", "finished"] = "now"

    def sentence(self) -> str:
        """The condition in words."""
        said = {"now": "is in the sequence", "ever": "is or was in the sequence", "finished": "has finished"}
        return f"{said[self.state]} “{self.sequence}”"


class InSegment(_Node):
    """The person is in another segment."""

    kind: Literal["segment"] = "segment"
    segment: Annotated[str, Field(pattern=KEY, max_length=60)]

    def sentence(self) -> str:
        """The condition in words."""
        return f"is in the segment “{self.segment}”"


Condition = (
    HasTag | Profile | Attribute | Tier | Standing | Joined | Happened | Mailed | Bought | InSequence | InSegment
)
KINDS: dict[str, type[Condition]] = {
    "tag": HasTag, "profile": Profile, "attribute": Attribute, "tier": Tier, "standing": Standing, "joined": Joined,
    "event": Happened, "mail": Mailed, "purchase": Bought, "sequence": InSequence, "segment": InSegment,
}  # fmt: skip


class All(_Node):
    """Every one of these holds; everybody where there are none."""

    all: list[Filter] = Field(default_factory=list, max_length=MAX_CONDITIONS)


class AnyOf(_Node):
    """At least one of these holds; nobody where there are none."""

    any: list[Filter] = Field(default_factory=list, max_length=MAX_CONDITIONS)


class Not(_Node):
    """This does not hold."""

    negated: Filter = Field(alias="not")


def _shape(value: Any) -> str:  # noqa: ANN401 - pydantic's signature
    """Which of the shapes a written filter has."""
    if isinstance(value, (All, AnyOf, Not)):
        return "all" if isinstance(value, All) else "any" if isinstance(value, AnyOf) else "not"
    if isinstance(value, BaseModel):
        return str(getattr(value, "kind", ""))
    if isinstance(value, dict):
        groups = [name for name in ("all", "any", "not") if name in value]
        return groups[0] if groups else str(value.get("kind", ""))
    return ""


Filter = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[HasTag, Tag("tag")]
    | Annotated[Profile, Tag("profile")]
    | Annotated[Attribute, Tag("attribute")]
    | Annotated[Tier, Tag("tier")]
    | Annotated[Standing, Tag("standing")]
    | Annotated[Joined, Tag("joined")]
    | Annotated[Happened, Tag("event")]
    | Annotated[Mailed, Tag("mail")]
    | Annotated[Bought, Tag("purchase")]
    | Annotated[InSequence, Tag("sequence")]
    | Annotated[InSegment, Tag("segment")],
    Discriminator(
        _shape,
        custom_error_type="filter",
        custom_error_message="is neither all, any or not, nor a condition of a known kind",
    ),
]

for _group in (All, AnyOf, Not):
    _group.model_rebuild()


class Segment(BaseModel):
    """A segment as people write it. Its filter is one group, as deep and as long as a person can still read."""

    model_config = ConfigDict(extra="forbid")

    segment: str = Field(pattern=KEY, max_length=60)
    name: str = Field(min_length=1, max_length=120)
    filter: Filter = All()

    @model_validator(mode="after")
    def _readable(self) -> Segment:
        if depth(self.filter) > MAX_DEPTH:
            message = f"groups may stand {MAX_DEPTH} deep at most"
            raise ValueError(message)
        if len(list(conditions(self.filter))) > MAX_CONDITIONS:
            message = f"a segment may have {MAX_CONDITIONS} conditions at most"
            raise ValueError(message)
        return self


def parts(node: Filter) -> list[Filter]:
    """The filters that a group is made of; none of a condition."""
    if isinstance(node, All):
        return node.all
    if isinstance(node, AnyOf):
        return node.any
    return [node.negated] if isinstance(node, Not) else []


def depth(node: Filter) -> int:
    """How deep groups stand in each other."""
    return 1 + max((depth(part) for part in parts(node)), default=0)


def conditions(node: Filter) -> Iterator[Condition]:
    """Every condition in it, in the order in which they are written."""
    if isinstance(node, (All, AnyOf, Not)):
        for part in parts(node):
            yield from conditions(part)
    else:
        yield node


def segments_in(node: Filter) -> set[str]:
    """The other segments that it speaks of."""
    return {one.segment for one in conditions(node) if isinstance(one, InSegment)}


def timed(node: Filter) -> bool:
    """Whether people come in or leave by the mere passing of time."""
    return any(
        isinstance(one, Joined) or (isinstance(one, _Counted) and one.days is not None) for one in conditions(node)
    )


def _days(days: int | None) -> str:
    return f"{days} day{'s' * (days != 1)}"
