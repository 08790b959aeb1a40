"""Slips that can be told without understanding a text. A rule that is wrong now and then is worse than none.

What the source says letter by letter is quoted, and is not corrected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from domain.quality.findings import Check, Finding
from domain.quality.ground import Ground
from domain.quality.reading import HOLE, Passage, Sentence, listed

CHECK: Final = "grammar"
FEW_WORDS: Final = 4  # a name or a label needs no mark
_DOUBLED = re.compile(r"\b([a-z]{2,}) \1\b", re.IGNORECASE)
_MAY_DOUBLE = listed("had that very no so far long many ha bye is do we you her on in")
_ARTICLE = re.compile(r"(?:^|(?<=[\s(]))(a|an|A|An) ([A-Za-z]{2,})")
# Words whose first sound is not that of their first letter.
_LIKE_CONSONANT = re.compile(r"(?:uni(?!n)|us[aeu]|ut[ei]|eu|ew|once|one\b|ubiq|ura|u[bfkt]o)", re.IGNORECASE)
_LIKE_VOWEL = re.compile(r"(?:hour|honest|hono|heir|herb|histor|hotel|habit|hyp|x-?ray)", re.IGNORECASE)
_BEGINS = listed(
    "the this these those it you we they he she there here what when how why if but and your our their then"
)
_REPEATED = re.compile(r"(?<!\.)\.\.(?!\.)|([,;:])\1|!{2,}|\?{2,}|\s[,.](?=\s|$)")
_HOMOPHONES: Final = (
    (re.compile(r"\btheir (?:is|are|was|were|will be)\b", re.IGNORECASE), "“their” should be “there”."),
    (re.compile(r"\bthere own\b", re.IGNORECASE), "“there” should be “their”."),
    (re.compile(r"\byour welcome\b(?! (?:mail|page|pack|series))", re.IGNORECASE), "“your” should be “you’re”."),  # noqa: RUF001
    (re.compile(r"\bit['’]s own\b", re.IGNORECASE), "“it’s” should be “its”."),  # noqa: RUF001
    (re.compile(r"\b(?:could|should|would|must) of (?!course)\b", re.IGNORECASE), "“of” should be “have”."),
)
_SMALL_I = re.compile(r"(?:^|\s)i(?:['’](?:m|ve|ll|d)| (?:am|have|will|was|would|think|do|can|had|could|want))\b")  # noqa: RUF001
_STOPPED = re.compile(r"[^.]\.$")
_PAIRS: Final = (("“", "”"), ("(", ")"), ("[", "]"))
_LIST_MARK = re.compile(r"(?:^|\s)(?:\d+|[a-z])\)|[:;]-?[()]", re.IGNORECASE)
_ENDED = re.compile(rf"[.!?…:;,\"'”’)\]}}>{HOLE}]$|[^\w\s]$|#\w+$")  # noqa: RUF001


def grammar(draft: Sequence[Passage], ground: Ground) -> Check:
    """The share of sentences without a slip."""
    findings = [finding for passage in draft for finding in _of_passage(passage, ground)]
    wrong = len({finding.sentence for finding in findings})
    sentences = sum(len(passage.sentences) for passage in draft)
    return Check(1 - wrong / sentences if sentences else 1.0, findings)


def _of_passage(passage: Passage, ground: Ground) -> Iterator[Finding]:
    before: Sentence | None = None
    for sentence in passage.sentences:
        slip = _slip(sentence, before)
        if slip and not ground.quotes(sentence.raw):
            yield Finding(check=CHECK, sentence=sentence.raw, text=slip)
        before = sentence
    for sentence, slip in (*_unended(passage), *_unbalanced(passage)):
        if not ground.quotes(sentence.raw):
            yield Finding(check=CHECK, sentence=sentence.raw, text=slip)


def _slip(sentence: Sentence, before: Sentence | None) -> str:
    """The first slip in one sentence; empty where there is none."""
    text = sentence.plain
    doubled = _DOUBLED.search(text)
    if doubled and doubled[1].lower() not in _MAY_DOUBLE:
        return f"“{doubled[1]}” stands there twice."
    for article in _ARTICLE.finditer(text):
        if right := _right_article(article[1], article[2]):
            return f"Before “{article[2]}” stands “{right}”."
    for pattern, told in _HOMOPHONES:
        if pattern.search(text):
            return told
    if _SMALL_I.search(text):
        return "“I” is written with a capital."
    if before is not None and _STOPPED.search(before.plain) and text.split(maxsplit=1)[0] in _BEGINS:
        return "It begins with a small letter."
    repeated = _REPEATED.search(text)
    return f"“{repeated[0].strip()}” does not belong there like this." if repeated else ""


def _right_article(article: str, word: str) -> str:
    """The article that belongs before a word; empty where it is there, or nobody can tell."""
    if word in {"or", "and", "in", "is", "as", "if"} or sum(letter.isupper() for letter in word) > 1:
        return ""
    vowel = word[0].lower() in "aeiou"
    if article.lower() == "a":
        return "an" if (vowel and not _LIKE_CONSONANT.match(word)) or word.lower() in {"hour", "honest", "heir"} else ""
    return "a" if (not vowel and not _LIKE_VOWEL.match(word)) or word.lower().startswith("unique") else ""


def _unended(passage: Passage) -> Iterable[tuple[Sentence, str]]:
    """The last sentence of a text of several, where it has no end."""
    if not passage.sentences[1:]:
        return []
    before, last = passage.sentences[-2:]
    together = passage.raw.rsplit("\n", 1)[-1].find(before.raw) >= 0
    if together and len(last.words) > FEW_WORDS and not _ENDED.search(last.plain):
        return [(last, "It has no mark at its end.")]
    return []


def _unbalanced(passage: Passage) -> Iterator[tuple[Sentence, str]]:
    """Quotes and brackets that are opened and not closed, or closed and not opened."""
    # A quote of several paragraphs opens with each and closes with the last.
    if "\n" in passage.raw:
        return
    text = _LIST_MARK.sub("", " ".join(sentence.plain for sentence in passage.sentences))
    for opening, closing in _PAIRS:
        if text.count(opening) != text.count(closing):
            holding = [one for one in passage.sentences if opening in one.plain or closing in one.plain]
            if holding:
                yield holding[0], f"{opening} and {closing} are not paired."
