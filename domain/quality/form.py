"""Whether a draft is as long as its kind should be, and leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from domain.content import TWEET_LIMIT, Kind
from domain.quality.findings import Check, Finding
from domain.quality.reading import Passage

LENGTH: Final = "length"
CALL: Final = "call_to_action"
_LINK = re.compile(r"https?://\S")
# A page has its own button; its words have to ask for something.
_ASKS = re.compile(
    r"(?:^|[.!?:,—–]\s+|\byes,? )(?:get|download|take|read|start|join|buy|choose|see|reply|open|pick|claim|try|sign up|"  # noqa: RUF001 - dashes
    r"subscribe|order|send|begin|find|learn|watch|register|book|add|give|print|tick|go|keep|answer|use|write|tell|show)\b",
    re.IGNORECASE,
)
# A meta description's page is the link itself, and an offer's words stand beside its button. Advice asks for nothing.
_LEADS_NOWHERE: Final = frozenset({"seo", "offer", "strategy", "campaign"})
_LINKS: Final = frozenset({"x", "linkedin", "newsletter"})
# In characters, for each text: below the first it looks unfinished, above the second it is seldom read to its end.
_TEXTS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"thread": (20, TWEET_LIMIT), "linkedin": (150, 2_000), "newsletter": (30, 900), "descriptions": (50, 160)}
)
# In words, for all of it. A page of a guide has 250 to 450.
_WHOLES: Mapping[str, tuple[int, int]] = MappingProxyType({"mini_guide": (1_200, 5_000), "free_chapter": (500, 20_000)})
_ANY: Final = (10, 50_000)


def length(kind: Kind, draft: Sequence[Passage]) -> Check:
    """The share of texts of a good length; of a kind without limits for its texts, whether the whole has one."""
    if kind.name in _TEXTS:
        low, high = _TEXTS[kind.name]
        off = [one for one in draft if not low <= len(one.raw) <= high]
        found = [
            Finding(check=LENGTH, sentence=_first(one), text=_told(len(one.raw), low, "characters")) for one in off
        ]
        return Check(1 - 0.5 * len(off) / len(draft) if draft else 0.5, found)
    low, high = _WHOLES.get(kind.name, _ANY)
    words = sum(len(sentence.words) for passage in draft for sentence in passage.sentences)
    if low <= words <= high:
        return Check(1.0)
    return Check(0.5, [Finding(check=LENGTH, sentence="", text=_told(words, low, "words"))])


def call_to_action(kind: Kind, draft: Sequence[Passage]) -> Check | None:
    """Whether a post has a link, and a page words that ask for something; None for what need not lead anywhere."""
    if kind.channel in _LEADS_NOWHERE:
        return None
    pattern, missing = (_LINK, "It has no link.") if kind.channel in _LINKS else (_ASKS, "It asks for nothing.")
    if any(pattern.search(passage.raw) for passage in draft):
        return Check(1.0)
    last = draft[-1].sentences[-1].raw if draft and draft[-1].sentences else ""
    return Check(0.0, [Finding(check=CALL, sentence=last, text=missing)])


def _first(passage: Passage) -> str:
    return passage.sentences[0].raw if passage.sentences else passage.raw


def _told(count: int, low: int, what: str) -> str:
    return f"With {count:,} {what} this is {'short' if count < low else 'long'} for its kind."
