"""What a book says in sentences that can stand alone, scored by the book's own terms and by being advice.

Reading a book of 100,000 words takes well under half a second, and the last few books are kept.
"""

# ruff: noqa: RUF001 - apostrophes as books print them
from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from domain.sources import Chapter, Document, tidy
from providers.llm.books import chapters as _chapters
from providers.llm.books.advising import imperative, usefulness
from providers.llm.books.standing import stands_alone
from providers.llm.books.words import COMMON
from providers.llm.reading import sentences

BOOKS_KEPT: Final = 8
# A chapter that can be read at one sitting has so many words; shorter and longer ones count for less. In a book of long
# chapters half a chapter's usual length is the least.
SITTING: Final = (350, 1_500, 6_000)
# So many of its best sentences say what a chapter is worth.
BEST: Final = 12
# More words in common than this, and two passages say the same.
ALIKE: Final = 0.4
# The share of a sentence's words that are among the book's commonest: less is another language.
AT_HOME: Final = 0.2
COMMONEST: Final = 80
# What each passage that was chosen from a chapter takes off the chapter's others.
CROWDED: Final = 0.12
_WORD: Final = re.compile(r"[^\W\d_]{2,}(?:[’'][^\W\d_]+)?")
_INVISIBLE: Final = str.maketrans("", "", "\u2060\u200b\ufeff\u00ad")
_VERSE: Final = re.compile(r"^\s*(?:\(?\d{1,3}[.)]|\[\d{1,3}\]|[IVXLC]+\.)\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence, whole and unchanged. `chapter`, `block` and `sentence` count from 0; `score` runs from 0 to 1."""

    text: str
    chapter: int
    title: str
    block: int
    sentence: int
    score: float
    advice: bool

    @property
    def where(self) -> str:
        """The chapter's name as it stands in a sentence: `Chapter IX`, `A Plan`."""
        return _chapters.called(self.title)


def passages(
    document: Document,
    n: int,
    about: Iterable[str] = (),
    *,
    keep: Callable[[Passage], bool] = lambda _: True,
    longest: int = 320,
    skip: Iterable[str] = (),
) -> list[Passage]:
    """At most `n` of the best, best first: spread over the chapters, and no two that say the same.

    `about` are words that lift what holds them, `keep` is asked about each, `skip` are texts that are used already.
    """
    wanted = {word.casefold() for word in about}
    taken = [terms(text) for text in skip]
    counts: Counter[int] = Counter()
    ranked = [p for p in everything(document) if len(p.text) <= longest and keep(p)]
    chosen: list[Passage] = []
    while ranked and len(chosen) < n:
        best = max(ranked, key=lambda p: _wanted(p, wanted) - CROWDED * counts[p.chapter])
        ranked.remove(best)
        said = terms(best.text)
        if not any(alike(said, other) for other in taken):
            chosen.append(best)
            taken.append(said)
            counts[best.chapter] += 1
    return chosen


def advice(document: Document, n: int, *, longest: int = 240, skip: Iterable[str] = ()) -> list[Passage]:
    """At most `n` passages that tell the reader to do something, best first."""
    return passages(document, n, keep=lambda p: p.advice, longest=longest, skip=skip)


def everything(document: Document) -> tuple[Passage, ...]:
    """All passages of a book, in its order."""
    return _book(_texts(document)).passages


def key_terms(document: Document, n: int = 12) -> list[str]:
    """The words that the book is about, the most telling first, in lower case."""
    return list(_book(_texts(document)).terms)[:n]


def chapter_terms(document: Document, chapter: int, n: int = 6) -> list[str]:
    """The words that one chapter has more of than the rest of the book (tf-idf over the chapters)."""
    return list(_book(_texts(document)).chapter_terms(chapter))[:n]


def best_chapter(document: Document) -> int:
    """The index of the chapter that says most to a reader and can be read at one sitting."""
    found = everything(document)
    own = _chapters.own(document)
    low, fair, high = SITTING
    least = max(low, min(fair, sum(document.chapters[index].words for index in own) // len(own) // 2))
    return max(own, key=lambda index: (_worth(document.chapters[index], index, found, (least, high)), -index))


def first_paragraph(document: Document, chapter: int | None = None, *, most: int = 130) -> str:
    """The first paragraph, of the book or of one chapter, that can open a text; empty where there is none."""
    own = _chapters.own(document) if chapter is None else [chapter]
    return next((text for index in own for text in paragraphs(document.chapters[index], most=most)), "")


def paragraphs(chapter: Chapter, *, fewest: int = 25, most: int = 130) -> Iterator[str]:
    """Whole paragraphs, in order, whose first sentence stands alone, of so many words."""
    for block in chapter.blocks:
        text = plain(block.text)
        said = sentences(text)
        if block.kind == "paragraph" and fewest <= len(text.split()) <= most and stands_alone(said[0]) and whole(said):
            yield text


def whole(said: Sequence[str]) -> bool:
    """Whether sentences that follow each other end where they end, with nothing that is an editor's or a table's."""
    text = " ".join(said)
    return said[-1].rstrip('”"’)')[-1:] in tuple(".!?…") and not re.search(r"[|•*_\[\]⸺⸻]", text)


def plain(text: str) -> str:
    """One line without invisible joiners and without the number of a verse before it."""
    return _VERSE.sub("", tidy(text.translate(_INVISIBLE)))


def terms(text: str) -> frozenset[str]:
    """The words of a text that mean something, in lower case."""
    return frozenset(word for word in _words(text) if len(word) > 3 and word not in COMMON)  # noqa: PLR2004


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two passages say the same, by the words that they share."""
    fewer = min(len(one), len(other))
    return fewer > 0 and len(one & other) / fewer > ALIKE


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _wanted(passage: Passage, wanted: set[str]) -> float:
    return passage.score + 0.5 * bool(wanted & set(_words(passage.text)))


def _worth(chapter: Chapter, index: int, found: Sequence[Passage], sitting: tuple[int, int]) -> float:
    """Its best sentences, those that are advice once more, a sitting's length, and a first sentence that can open."""
    said = sorted((p for p in found if p.chapter == index), key=lambda p: -p.score)[:BEST]
    words = max(1, chapter.words)
    fit = min(1.0, words / sitting[0], sitting[1] / words)
    opening = Chapter(title="", blocks=chapter.blocks[:1])
    opens = 1.0 if any(True for _ in paragraphs(opening, fewest=6, most=600)) else 0.85
    return fit * opens * sum(p.score * (1 + p.advice) for p in said) / BEST


class _Book:
    """A book as it is read once: its passages, and the counts of its terms by chapter."""

    def __init__(self, texts: _Texts) -> None:
        words = {
            index: Counter(_words(" ".join(text for parts in blocks for text in parts))) for index, _, blocks in texts
        }
        every: Counter[str] = Counter()
        for counts in words.values():
            every.update(counts)
        self.common = {word for word, _ in every.most_common(COMMONEST)}
        self._counts = {i: Counter({w: n for w, n in c.items() if _telling(w)}) for i, c in words.items()}
        spread = Counter(word for counts in self._counts.values() for word in counts)
        self._idf = {word: math.log(1 + len(texts) / count) for word, count in spread.items()}
        # What a book is about comes back in many of its chapters, names of people only in some.
        weight = {word: every[word] * math.sqrt(count / len(texts)) for word, count in spread.items()}
        self.terms = {word: weight[word] for word in sorted(weight, key=lambda w: (-weight[w], w))[:40]}
        self.passages = tuple(self._read(texts))

    def chapter_terms(self, chapter: int) -> dict[str, float]:
        counts = self._counts.get(chapter, Counter())
        weight = {word: count * self._idf[word] for word, count in counts.items()}
        return {word: weight[word] for word in sorted(weight, key=lambda w: (-weight[w], w))[:12]}

    def _read(self, texts: _Texts) -> Iterator[Passage]:
        seen: set[str] = set()
        for index, title, blocks in texts:
            local = set(self.chapter_terms(index))
            for block, parts in enumerate(blocks):
                for place, said in enumerate(_units(parts)):
                    if said in seen or not stands_alone(said) or not self._at_home(said):
                        continue
                    seen.add(said)
                    yield Passage(said, index, title, block, place, self._score(said, local), imperative(said))

    def _at_home(self, said: str) -> bool:
        words = _words(said)
        return bool(words) and sum(word in self.common for word in words) / len(words) >= AT_HOME

    def _score(self, said: str, local: set[str]) -> float:
        own = terms(said)
        about = min(1.0, (len(own & self.terms.keys()) + 0.5 * len(own & local)) / 3)
        length = 1.0 if len(said) <= 200 else 0.8  # noqa: PLR2004
        return round(length * (0.65 * usefulness(said) + 0.35 * about), 4)


def _units(parts: Sequence[str]) -> Iterator[str]:
    for text in map(plain, parts):
        yield from sentences(text) if len(parts) == 1 else (text,)


def _telling(word: str) -> bool:
    return len(word) > 3 and word not in COMMON  # noqa: PLR2004


_Texts = tuple[tuple[int, str, tuple[tuple[str, ...], ...]], ...]


def _texts(document: Document) -> _Texts:
    """The book's own chapters as plain strings: what decides whether two documents are the same book."""
    return tuple(
        (index, document.chapters[index].title, tuple(_prose(document.chapters[index])))
        for index in _chapters.own(document)
    )


def _prose(chapter: Chapter) -> Iterator[tuple[str, ...]]:
    """What may be quoted of each block: verse and quotations are other people's words; a list's item is one thing."""
    for block in chapter.blocks:
        if block.kind == "paragraph":
            yield (block.text,)
        else:
            yield tuple(block.items)


@lru_cache(maxsize=BOOKS_KEPT)
def _book(texts: _Texts) -> _Book:
    return _Book(texts)
