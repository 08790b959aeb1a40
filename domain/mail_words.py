"""A mail as people and models write it: plain text with a little Liquid, of which everything can be sent.

A blank line ends a paragraph. Lines that begin with `- ` are a list, with `> ` a quotation, and a line
`[Words](address)` by itself is a button. `**bold**` and `[words](address)` may stand inside a paragraph. `[code]`,
`[cart]` and `[recommendations]` by themselves stand for what the house shows of these. `{% if … %}` stands by itself
around paragraphs, or inside one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.assets import Said, at_most
from domain.sequences import Sequence

SUBJECT_CHARS: Final = 120
PREHEADER_CHARS: Final = 160
BODY_CHARS: Final = 8_000
# The house's blocks, and what each of them speaks of.
BLOCKS: Final[Mapping[str, str]] = MappingProxyType(
    {"code": "discount", "cart": "cart", "recommendations": "recommendations"}
)

_PIECE = re.compile(r"{{(?P<put>.*?)}}|{%(?P<tag>.*?)%}", re.DOTALL)
_LEFT = re.compile(r"{{|}}|{%|%}")
_PATH = r"[a-z_]+(?:\.[a-z_]+)*"
_TEST = rf"{_PATH}(?: (?:>|<|==|!=) \d+)?"
_FILTER = r" *\| *(?:default: *\"[^\"{}%]*\"|money(?:: *[a-z_.]+)?|day|when|given_name|org_name)"
_PUT = re.compile(rf" *{_PATH}(?:{_FILTER})* *")
_IF = re.compile(rf" *(if|unless) {_TEST}(?: (?:and|or) {_TEST})* *")
_WORDS = frozenset({"if", "unless", "and", "or", "default", "money", "day", "when", "given_name", "org_name"})
_BLOCK = re.compile(r"^\[([a-z_ ]+)\]$", re.MULTILINE)


def _one_line(text: str) -> str:
    if "\n" in text:
        raise ValueError("must be one line")
    return text


def _liquid(text: str) -> str:
    roots(text)
    return text


def _short(limit: int) -> AfterValidator:
    """At most so many characters, not counting the Liquid between them."""

    def check(text: str) -> str:
        if (length := len(_PIECE.sub("", text))) > limit:
            raise ValueError(f"has {length} characters, at most {limit} are allowed")
        return text

    return AfterValidator(check)


Line = Annotated[Said, AfterValidator(_one_line), AfterValidator(_liquid), at_most(500)]


class MailWords(BaseModel):
    """One mail: what stands in the inbox, and what is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: Annotated[Line, _short(SUBJECT_CHARS)] = Field(description="one line, at most 120 characters")
    preheader: Annotated[Line, _short(PREHEADER_CHARS)] = Field(
        description="what the inbox shows beside the subject: one line, at most 160 characters, not the subject again"
    )
    body: Annotated[Said, AfterValidator(_liquid), at_most(BODY_CHARS)] = Field(
        description=(
            "Plain text with a blank line between paragraphs. A line that begins with `- ` is an item of a list, with"
            " `> ` a line of a quotation; `[Words](address)` in a paragraph by itself is a button; `**so**` is bold."
            ' Values: {{ contact.first_name | given_name | default: "there" }}, {{ brand.name }}, {{ book.name }},'
            " {{ book.url }}, {{ book.price | money: book.currency }}. `{% if … %}`, `{% else %}` and `{% endif %}`"
            " each stand in a paragraph of their own. `[code]` by itself shows the person's own discount code."
        )
    )

    def speaks(self) -> set[str]:
        """The top-level names that it looks at: `contact`, `book`."""
        blocks = {BLOCKS[name] for name in _BLOCK.findall(self.body) if name in BLOCKS}
        return blocks.union(*map(roots, (self.subject, self.preheader, self.body)))


def roots(text: str) -> set[str]:
    """The top-level names that a text's Liquid looks at. Raises ValueError for what these mails cannot say.

    What passes can be compiled, whoever wrote it: values, a few filters, and conditions that are closed.
    """
    found: set[str] = set()
    open_tags: list[str] = []
    for piece in _PIECE.finditer(text):
        if piece["put"] is not None:
            if not _PUT.fullmatch(piece["put"]):
                raise ValueError(f"cannot say {piece[0]}; write a value such as {{{{ contact.first_name }}}}")
            found |= _names(piece["put"])
            continue
        found |= _follow(piece["tag"], piece[0], open_tags)
    if open_tags:
        raise ValueError(f"has an {open_tags[-1]} that is not closed")
    if rest := _LEFT.search(_PIECE.sub("", text)):
        raise ValueError(f"has a {rest[0]} that belongs to nothing")
    for name in _BLOCK.findall(text):
        if name not in BLOCKS:
            raise ValueError(f"has no block [{name}]; there are {', '.join(f'[{known}]' for known in BLOCKS)}")
    return found


def _follow(tag: str, written: str, open_tags: list[str]) -> set[str]:
    """Open or close a condition; the names that it looks at."""
    word = tag.strip()
    if opens := _IF.fullmatch(tag):
        open_tags.append(opens[1])
        return _names(tag)
    if word == "else" and open_tags:
        return set()
    if word.startswith("end") and open_tags and word == f"end{open_tags[-1]}":
        open_tags.pop()
        return set()
    raise ValueError(f"cannot say {written}; there are if, unless, else and their ends")


def _names(code: str) -> set[str]:
    plain = re.sub(r"\"[^\"]*\"", "", code)
    return {name for name in re.findall(r"(?<![.\w])[a-z_]+", plain) if name not in _WORDS}


def speakable(sequence: Sequence) -> Collection[str]:
    """What the mails of a sequence may speak of (`store/contexts`)."""
    steps = list(sequence.walk())
    by = {
        "discount": any(step.kind == "discount" or step.discount_percent for step in steps),
        "cart": sequence.about == "cart",
        "webinar": sequence.about == "webinar",
        "launch": sequence.anchor == "launch.date",
        "product": sequence.about in {"event", "order"},
        "recommendations": sequence.about in {"event", "order"},
        "any_book": True,
        "offer": True,
        "bonus": True,
        "magnet": True,
        "book": True,
    }
    return {"brand", "contact", *(name for name, there in by.items() if there)}
