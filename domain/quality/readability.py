"""How easily a text is read: Flesch's reading ease (R. Flesch, "A new readability yardstick", 1948).

206.835 - 1.015 * words a sentence - 84.6 * syllables a word. 60 and above is plain English, below 0 is hardly read.
Syllables are counted by groups of vowels, which errs by some percent over a text; other scripts have no score.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from domain.quality.findings import Check, Finding
from domain.quality.ground import Ground
from domain.quality.reading import Passage

CHECK: Final = "readability"
EASY: Final = 60.0
HARD_WORDS: Final = 50  # words in a sentence that few people follow
_VOWELS = re.compile(r"[aeiouyäöüáéíóúàèìòùâêîôû]+")
_SILENT = re.compile(r"(?:[^laeiouy]e|[^td]ed|[^sxzc]es)$")
_LATIN_SHARE: Final = 0.8


def readability(draft: Sequence[Passage], ground: Ground) -> Check | None:
    """1 from plain English on, falling to 0 at a reading ease of 0. Names sentences that nobody follows."""
    sentences = [(sentence, words) for passage in draft for sentence in passage.sentences if (words := sentence.words)]
    words = [word for _, said in sentences for word in said]
    if not words or sum(word.isascii() for word in words) < _LATIN_SHARE * len(words):
        return None
    findings = [
        Finding(check=CHECK, sentence=sentence.raw, text=f"It has {len(said)} words.")
        for sentence, said in sentences
        if len(said) > HARD_WORDS and not ground.quotes(sentence.raw)
    ]
    return Check(min(1.0, max(0.0, ease(len(sentences), words) / EASY)), findings)


def ease(sentences: int, words: Sequence[str]) -> float:
    """The reading ease of so many sentences with these words."""
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * sum(map(syllables, words)) / len(words)


@lru_cache(maxsize=50_000)
def syllables(word: str) -> int:
    """How many syllables a word has, at least one."""
    lowered = word.casefold()
    return max(1, len(_VOWELS.findall(lowered)) - bool(_SILENT.search(lowered)))
