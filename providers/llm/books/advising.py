"""Which sentences tell the reader what to do, and how much a sentence is advice and not narration."""

# ruff: noqa: RUF001 - quotation marks and apostrophes as books print them
from __future__ import annotations

import re
from typing import Final

from providers.llm.books.standing import OPENING
from providers.llm.books.words import FIGURES, GENERAL, IMPERATIVES, OBJECTS, OUGHT, PAST, YOU

# These give an order whatever follows; other verbs need an object, since they are nouns as well.
_WITH_ANYTHING: Final = frozenset({"let", "never", "always", "be", "do", "don’t", "remember", "consider", "think"})
_NO_ORDER: Final = re.compile(
    r"(?:let (?:me|this|it|him|her|them|these|those)|do (?:you|so)|be (?:it|that|this)|think you|say,"
    r"|(?:never|always) (?:was|were|had|did|have|has)|rather (?!than\b)|suppose (?!not|any)|no (?!thing))\b",
    re.IGNORECASE,
)
# `Order. Let all your things have their places.`
_AFTER_NAME: Final = re.compile(r"^\w+\. (.+)")
_CONDITION: Final = re.compile(
    r"(?:when|if|in|on|before|after|with|at|from|whatever|wherever|whenever|by)\b[^.;:]{3,110}?, (\w+)", re.IGNORECASE
)
_LATE_LEANING: Final = re.compile(r"(?:\W*\w+\W+){0,3}(?:also|then|too|likewise|therefore|however|so)\b", re.IGNORECASE)
_HERE: Final = re.compile(r"\b(?:here|this|these|there (?!is|are|was|were|has|have|can|must))\b", re.IGNORECASE)
_NAME: Final = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}")
_WORD: Final = re.compile(r"[^\W\d_]+")


def imperative(sentence: str) -> bool:
    """Whether it tells the reader to do something: `Keep death daily before your eyes.`, `When X, do Y.`"""
    text = sentence.lstrip(OPENING)
    if text.endswith(("?", "?”")):
        return False
    condition = _CONDITION.match(text)
    if condition is not None:
        return _orders(text[condition.start(1) :])
    # What stands behind a name says what it means, so that its verb needs no other sign.
    return _orders(text) or any(_orders(part, sure=True) for part in _AFTER_NAME.findall(text))


def _orders(text: str, *, sure: bool = False) -> bool:
    first, _, rest = text.partition(" ")
    verb = first.casefold()
    if verb not in IMPERATIVES or _NO_ORDER.match(text):
        return False
    following = _WORD.match(rest)
    return sure or verb in _WITH_ANYTHING or (following is not None and following[0] in OBJECTS)


def usefulness(sentence: str) -> float:
    """From 0 (narration) to 1 (advice).

    Orders, duties, what holds for everybody and the reader's own `you` count for a sentence; past tense, `I`, names
    and figures, and words that point at its surroundings against it.
    """
    said = _WORD.findall(sentence)
    words = [word.casefold() for word in said]
    known = set(words)
    score = 0.3 + 0.4 * imperative(sentence)
    score += 0.15 * bool(known & OUGHT) + 0.1 * bool(known & YOU) + 0.15 * bool(known & GENERAL)
    score -= 0.15 * (_LATE_LEANING.match(sentence) is not None) + 0.15 * (_HERE.search(sentence) is not None)
    past = sum(word in PAST or (len(word) > 4 and word.endswith("ed")) for word in words)  # noqa: PLR2004
    self = sum(word in {"I", "my", "me", "myself"} for word in said)
    score -= (1.5 * past + 2.0 * self) / max(1, len(words))
    score -= 0.15 * bool(known & FIGURES or re.search(r"\d", sentence))
    score -= 0.1 * (sentence.startswith(("“", '"')) + ("(" in sentence) + ("?" in sentence))
    score -= 0.05 * len(_NAME.findall(sentence))
    return float(min(1.0, max(0.0, score)))
