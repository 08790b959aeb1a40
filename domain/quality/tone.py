"""Whether a draft sounds like what this brand has approved before. Without examples nothing is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.quality.findings import Check, Finding
from domain.quality.reading import Passage, Sentence, listed

CHECK: Final = "tone"
# An example and a draft are about different things: this share of common words is all that can be asked for.
COMMON: Final = 0.25
_YOU = listed("you your yours yourself")


@dataclass(frozen=True, slots=True)
class Sound:
    """How a text sounds: words a sentence; the shares of sentences that exclaim and that say “you”; its words."""

    length: float
    exclaims: float
    addresses: float
    vocabulary: frozenset[str]


def tone(draft: Sequence[Passage], examples: Sequence[Sequence[Passage]]) -> Check | None:
    """How near a draft's sound is to that of all examples together."""
    ours, theirs = _sentences(draft), [one for example in examples for one in _sentences(example)]
    if not ours or not theirs:
        return None
    mine, house = sound(ours), sound(theirs)
    overlap = len(mine.vocabulary & house.vocabulary) / max(len(mine.vocabulary), 1)
    near = (
        min(mine.length, house.length) / max(mine.length, house.length, 1.0),
        1 - abs(mine.exclaims - house.exclaims),
        1 - abs(mine.addresses - house.addresses),
        min(1.0, overlap / COMMON),
    )
    return Check(sum(near) / len(near), [] if house.exclaims else [_loud(one) for one in ours if _exclaims(one)])


def sound(sentences: Sequence[Sentence]) -> Sound:
    """The sound of at least one sentence."""
    words = [[word.casefold() for word in sentence.words] for sentence in sentences]
    count = len(sentences)
    return Sound(
        length=sum(map(len, words)) / count,
        exclaims=sum(map(_exclaims, sentences)) / count,
        addresses=sum(not _YOU.isdisjoint(said) for said in words) / count,
        vocabulary=frozenset(word for said in words for word in said),
    )


def _sentences(passages: Sequence[Passage]) -> list[Sentence]:
    return [sentence for passage in passages for sentence in passage.sentences if sentence.words]


def _exclaims(sentence: Sentence) -> bool:
    return sentence.plain.rstrip("\"'”’)").endswith("!")  # noqa: RUF001


def _loud(sentence: Sentence) -> Finding:
    return Finding(check=CHECK, sentence=sentence.raw, text="Nothing that was approved of this kind exclaims.")
