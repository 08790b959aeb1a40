"""Where in a draft's text each finding is: the text cut into stretches that are marked or not. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some of a text, whole and in order. `ends` are the findings, counted from 1, whose sentence ends with it."""

    text: str
    marked: bool = False
    ends: tuple[int, ...] = ()


def stretches(text: str, findings: Sequence[Mapping[str, Any]]) -> list[Stretch]:
    """The text by its findings; put together they are the text again. A sentence is marked wherever it stands."""
    places = [
        (start, end, number)
        for number, one in enumerate(findings, 1)
        for start, end in _places(text, str(one.get("sentence") or ""))
    ]
    cuts = sorted({0, len(text), *(cut for start, end, _ in places for cut in (start, end))})
    return [
        Stretch(
            text[start:end],
            marked=any(first <= start and end <= last for first, last, _ in places),
            ends=tuple(sorted({number for _, last, number in places if last == end})),
        )
        for start, end in pairwise(cuts)
    ]


def _places(text: str, sentence: str) -> Iterator[tuple[int, int]]:
    start = text.find(sentence) if sentence else -1
    while start >= 0:
        yield start, start + len(sentence)
        start = text.find(sentence, start + len(sentence))
