"""A sequence with the words of its mails, as one asset: what people write as a file and its templates."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, ClassVar

from pydantic import Field, ValidationError, create_model, model_validator
from pydantic.json_schema import SkipJsonSchema
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

from domain.assets import Asset, Said, at_most
from domain.briefs import Brief
from domain.mail_words import MailWords, roots, speakable
from domain.sequence_plans import document
from domain.sequences import Sequence

MOST_CHARS = 20_000
MOST_MAILS = 12
# Why the reader gets it, below every mail, by the sequence's kind.
WHY = {
    "welcome": "You get this because you asked {{ brand.name }} for something to read and confirmed your address.",
    "education": "You get this because you asked {{ brand.name }} for something to read. One mail a week, six in all.",
    "launch": "You get this because you asked {{ brand.name }} to tell you about new things. Five mails, from a week "
    "before to four days after.",
    "cart": "You get this because you started a checkout at {{ brand.name }} and left your address.",
    "post_purchase": "You get this because you bought something from {{ brand.name }}. We ask for a review once.",
    "reengagement": "You get this because you asked {{ brand.name }} for mail a while ago and went quiet.",
    "upsell": "You get this because you bought something from {{ brand.name }}.",
    "webinar": "You get this because you registered for a webinar with {{ brand.name }}.",
}


class WrittenSequence(Asset):
    """`definition` is the YAML of `config/sequences/`, `mails` the words of its templates in the order of its steps.

    No writer is asked for the definition: it is the house's plan for the kind. A person may change it as any other.
    """

    settings: ClassVar[frozenset[str]] = frozenset({"definition"})

    definition: SkipJsonSchema[Annotated[Said, at_most(MOST_CHARS)]]
    why: SkipJsonSchema[Annotated[Said, at_most(300)]]
    mails: list[MailWords] = Field(description="one for each mail that the prompt lists, in its order")

    @model_validator(mode="after")
    def _fits(self) -> WrittenSequence:
        sequence = read(self.definition)
        names = [step.template or "" for step in sequence.walk() if step.kind == "email"]
        alien = [name for name in names if not name.startswith(f"{sequence.sequence}_")]
        if alien or len(set(names)) < len(names):
            raise ValueError(f"definition: each mail has a name of its own, which begins with {sequence.sequence}_")
        if len(names) != len(self.mails) or len(names) > MOST_MAILS:
            raise ValueError(f"mails: must be {len(names)}, one for each of {', '.join(names)}, not {len(self.mails)}")
        if len({mail.subject for mail in self.mails}) < len(self.mails):
            raise ValueError("mails: two of them have the same subject")
        known = speakable(sequence)
        for number, mail in enumerate(self.mails):
            if strange := mail.speaks().union(roots(self.why)).difference(known):
                raise ValueError(f"mails.{number}: knows nothing of {', '.join(sorted(strange))}")
        return self

    @property
    def sequence(self) -> Sequence:
        """The definition, read."""
        return read(self.definition)

    @property
    def named(self) -> dict[str, MailWords]:
        """The mails by the names of their templates, in the order of the steps."""
        steps = (step.template or "" for step in self.sequence.walk() if step.kind == "email")
        return dict(zip(steps, self.mails, strict=True))


@lru_cache(maxsize=64)
def read(text: str) -> Sequence:
    """A definition from its YAML, by the same rules as a file. Raises ValueError with line or field."""
    try:
        alias = next((event for event in YAML(typ="rt").parse(text) if isinstance(event, AliasEvent)), None)
        if alias is not None:
            raise ValueError(f"line {alias.start_mark.line + 1} of the definition uses an alias; write it out")
        return Sequence.model_validate(YAML(typ="safe", pure=True).load(text))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f"line {line} of the definition is not YAML: {error.problem}") from None
    except (YAMLError, RecursionError):
        raise ValueError("the definition is not YAML") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(["definition", *(str(part) for part in first["loc"])])
        raise ValueError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from None


def asked(kind: str) -> Callable[[Brief], type[Asset]]:
    """The shape that a writer is asked for: the house's definition stands in it, so that an answer is checked by it."""

    def shape(brief: Brief) -> type[Asset]:
        written = (SkipJsonSchema[str], document(kind, brief))
        why = (SkipJsonSchema[str], WHY[kind])
        return create_model("WrittenSequence", __base__=WrittenSequence, definition=written, why=why)

    return shape
