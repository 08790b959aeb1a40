"""What a draft may rest on, and which of its sentences say more than that.

A number and a capitalised name that neither the source nor the configuration has are the strongest signs of
invention; a sentence most of whose terms are unknown is the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from pydantic import BaseModel

from domain.quality.findings import Check, Finding
from domain.quality.reading import Passage, Sentence, listed, plain, single_words

CHECK: Final = "relevance"
# So many terms have to be unknown, and this share of a sentence's, before it is named for them.
STRANGE_TERMS: Final = 4
STRANGE_SHARE: Final = 0.6
_CJK = "\u3040-\u9fff\uac00-\ud7af"
_TERM = re.compile(rf"[{_CJK}]|[^\W\d_{_CJK}]{{4,}}")
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?!\w*\d)")
# Counts of parts and words say where something stands and how long it is, not what is true.
_COUNT = re.compile(r"\s+(?:words|pages|minutes to read)\b")
_PLACE = re.compile(r"(?:chapter|part|step|day|week|page|section|question|lesson|post|no\.|number)\s+$", re.IGNORECASE)
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{3,}\b")  # a term is as long
_TITLE_SHARE = 0.5
_LONG: Final = 4  # letters of a term
_NO_NAMES = listed(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august"
    " september october november december english internet chapter part"
)
_PLAIN_WORDS = listed(
    "about after again also always another because been before being best both cannot could does down each even every"
    " find first five four free from give good have here into just know last less like long made make many more most"
    " much need never next none only other over part read same some such take than that their them then there these"
    " they thing this those three time under until upon very want well were what when where which while whole will"
    " with without work would write year your yours yourself"
)
_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "*": None, "_": None})  # noqa: RUF001 - quotes


@dataclass(frozen=True, slots=True)
class _Known:
    text: str
    terms: frozenset[str]
    numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ground:
    """`sources` is what a draft is made from; `configured` what may be said beside it. Texts, however long."""

    sources: tuple[str, ...] = ()
    configured: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: Mapping[str, str], configured: Iterable[str] = ()) -> Ground:
        """The ground of texts by name; empty ones say nothing."""
        return cls(tuple(text for text in source.values() if text.strip()), tuple(configured))

    def quotes(self, sentence: str) -> bool:
        """Whether a sentence is the source's own, letter by letter but for quotes, emphasis and spaces."""
        wanted = _even(sentence)
        return any(wanted in _known(text).text for text in self.sources)

    def terms(self) -> frozenset[str]:
        """All terms that may be used."""
        return frozenset().union(*(_known(text).terms for text in (*self.sources, *self.configured)))

    def numbers(self) -> frozenset[str]:
        """All numbers that may be used."""
        return frozenset().union(*(_known(text).numbers for text in (*self.sources, *self.configured)))


def relevance(asset: BaseModel, draft: Iterable[Passage], ground: Ground) -> Check | None:
    """The share of the draft's terms that are known, times that of its sentences without an unknown claim."""
    if not ground.sources:
        return None
    terms, numbers = ground.terms(), ground.numbers() | _counted(asset)
    sentences = [sentence for passage in draft for sentence in passage.sentences]
    used = {term for sentence in sentences for term in _terms(sentence.plain)} - _PLAIN_WORDS
    known = len(used & terms) / len(used) if used else 0.0
    doubtful = [(sentence, claim) for sentence in sentences if (claim := _claim(sentence, terms, numbers))]
    claims = [(sentence, claim) for sentence, claim in doubtful if not ground.quotes(sentence.raw)]
    findings = [Finding(check=CHECK, sentence=sentence.raw, text=claim) for sentence, claim in claims]
    return Check(known * (1 - len(claims) / len(sentences)) if sentences else 0.0, findings)


def _claim(sentence: Sentence, terms: frozenset[str], numbers: frozenset[str]) -> str:
    """What a sentence says that is not known; empty where it says nothing of that kind."""
    said = sentence.plain
    figures = [
        one[0]
        for one in _NUMBER.finditer(said)
        if _bare(one[0]) not in numbers and not _PLACE.search(said[: one.start()]) and not _COUNT.match(said, one.end())
    ]
    if figures:
        return f"The source has no {figures[0]}."
    names = [] if _is_title(sentence) else [one for one in _NAME.findall(said) if not _is_known(one, terms)]
    if names:
        return f"The source does not name {names[0]}."
    words = {_stem(word): word for word in reversed(_TERM.findall(said.casefold()))}
    used = [term for term in dict.fromkeys(_terms(said)) if term not in _PLAIN_WORDS]
    strange = [words[term] for term in used if term not in terms]
    if len(strange) >= STRANGE_TERMS and len(strange) >= STRANGE_SHARE * len(used):
        return f"The source does not speak of this: {', '.join(strange[:STRANGE_TERMS])}."
    return ""


def _is_title(sentence: Sentence) -> bool:
    long = [word for word in sentence.words if len(word) >= _LONG]
    return sum(word[0].isupper() for word in long) > _TITLE_SHARE * len(long)


def _is_known(name: str, terms: frozenset[str]) -> bool:
    lowered = name.casefold()
    return lowered in _NO_NAMES or _stem(lowered) in terms


def _terms(text: str) -> list[str]:
    return [_stem(term) for term in _TERM.findall(text.casefold())]


def _stem(term: str) -> str:
    """A term without the endings that number and tense give it."""
    for ending in ("ing", "ies", "ed", "es", "ly", "s", "e", "y"):
        if len(term) - len(ending) >= _LONG and term.endswith(ending):
            return term[: -len(ending)]
    return term


def _bare(number: str) -> str:
    """A number as it is compared: `1,000.50` is `1000.5`, `7.00` is `7`."""
    whole, point, rest = number.replace(",", "").partition(".")
    rest = rest if "." in rest else rest.rstrip("0")
    return f"{whole}{point}{rest}" if rest else whole


def _counted(asset: BaseModel) -> frozenset[str]:
    """Numbers that stand in the asset beside its texts, and how many of something it holds: these are its own."""
    found = set(_counts(asset.model_dump(mode="json", exclude={"note"})))
    return frozenset(found | {_bare(number) for word in single_words(asset) for number in _NUMBER.findall(word)})


def _counts(value: Any) -> Iterable[str]:  # noqa: ANN401 - JSON
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield _bare(f"{value}")
    elif isinstance(value, dict):
        for item in value.values():
            yield from _counts(item)
    elif isinstance(value, list):
        yield str(len(value))
        for item in value:
            yield from _counts(item)


def _even(text: str) -> str:
    return " ".join(text.translate(_STRAIGHT).casefold().split())


# A book is read once for all of its assets.
@lru_cache(maxsize=24)
def _known(text: str) -> _Known:
    said = plain(text)
    return _Known(_even(text), frozenset(_terms(said)), frozenset(map(_bare, _NUMBER.findall(text))))
