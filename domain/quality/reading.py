"""A draft as it is read: its passages, their sentences, and these without addresses, marks and templates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from domain.assets import texts

# What stands for an address, a tag or a template's value: no letter, no space, no mark.
HOLE = "\ufffc"
_HOLES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|https?://\S*[^\s.,;:!?'\")\]]|</?[a-zA-Z][^<>]*>", re.DOTALL)
_END = re.compile(r"(?<=[.!?…。！？])[\"'”’)\]*_]*\s+|\n+")  # noqa: RUF001 - full-width marks end sentences too
# After these a full stop ends no sentence.
_SHORT = re.compile(
    r"(?:^|[\s(\"“‘'])(?:Mr|Mrs|Ms|Dr|St|Messrs|Rev|Gen|Col|Capt|No|Nos|Vol|Ch|Fig|vs|cf|e\.g|i\.e|approx|[A-HJ-Z])\.$"  # noqa: RUF001 - quotes as they stand in books
)
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")  # noqa: RUF001 - both apostrophes


def listed(words: str) -> frozenset[str]:
    """Words with spaces between them as a set."""
    return frozenset(words.split())


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as it stands in the draft (`raw`), and its `plain` words."""

    raw: str
    plain: str

    @property
    def words(self) -> list[str]:
        """Its words in order."""
        return WORD.findall(self.plain)


@dataclass(frozen=True, slots=True)
class Passage:
    """One text of an asset."""

    raw: str
    sentences: Sequence[Sentence]


def passages(asset: BaseModel) -> list[Passage]:
    """The texts of an asset that people read; keys, addresses and prices by themselves are none."""
    return [Passage(text, list(_sentences(text))) for text in texts(asset) if len(text.split()) > 1]


def single_words(asset: BaseModel) -> list[str]:
    """What stands in an asset beside its texts: keys, addresses, prices."""
    return [text for text in texts(asset) if len(text.split()) <= 1]


def plain(text: str) -> str:
    """A text with a hole for each address, tag and template's value."""
    return _HOLES.sub(HOLE, text)


def _sentences(text: str) -> Iterator[Sentence]:
    begun = 0
    for end in _END.finditer(text):
        if "\n" not in end[0] and _SHORT.search(text[begun : end.start()]):
            continue
        yield from _sentence(text[begun : end.end()])
        begun = end.end()
    yield from _sentence(text[begun:])


def _sentence(raw: str) -> Iterator[Sentence]:
    if said := raw.strip():
        yield Sentence(said, plain(said))
