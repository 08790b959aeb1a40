"""The content assets that a source is made into: their shapes, their rules and where they go.

The rules are validators, not JSON-schema keywords, because structured output of several model endpoints
refuses `maxLength` and `minItems`; the descriptions tell a model the same in words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from domain.assets import Asset, Said, at_most, different, texts
from domain.briefs import Brief
from domain.funnel_plan import PREFIX
from domain.funnels import STRATEGIES, Funnel
from domain.magnets import MAGNETS
from domain.sequence_plans import PLANS
from domain.written_offers import Offer, OfferBundle, OfferLimited, OfferSeasonal, OfferTiers
from domain.written_sequences import WrittenSequence, asked

TWEETS = 5
TWEET_LIMIT = 280
LINKEDIN_LIMIT = 3_000
HEADLINE_LIMIT = 150
SNIPPET_LIMIT = 2_000
DESCRIPTIONS = 3
DESCRIPTION_LIMIT = 160
SUBJECT_LIMIT = 150
BODY_LIMIT = 50_000

# twitter-text, config v3: a URL counts 23 however long it is; code points in these ranges count 1, others 2.
_URL_LENGTH = 23
_NARROW = ((0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_HOST = r"[A-Za-z0-9\u00a1-\u04ff_.-]+(?::\d+)?"
_CHAR = r"[A-Za-z0-9\u00a1-\u04ff!*';:=+,.$/%#@|&?~_-]"
_PATH = rf"(?:[/?#](?:{_CHAR}|\({_CHAR}*\))*)?"
_URL = re.compile(rf"https?://{_HOST}{_PATH}", re.IGNORECASE)
_URL_END = re.compile(r"[.,;:!?']+$")
# X also links `example.com` and takes `setup.py` for an address in Paraguay.
_BARE = re.compile(rf"(?<![@\w/.-])(?:[\w-]+\.)+[a-z]{{2,}}{_PATH}", re.IGNORECASE | re.ASCII)
_PICTURE = "[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
_EMOJI = re.compile(
    rf"[0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{{2}}"
    rf"|{_PICTURE}[\ufe0f\U0001f3fb-\U0001f3ff]?(?:\u200d{_PICTURE}[\ufe0f\U0001f3fb-\U0001f3ff]?)*"
)


def x_length(text: str) -> int:
    """How long X counts a post (developer.x.com, "Counting characters"); never less than X does.

    What only looks like an address counts as one or as its letters, whichever is more.
    """
    count = 0

    def url(found: re.Match[str]) -> str:
        nonlocal count
        count += _URL_LENGTH
        end = _URL_END.search(found[0])
        return " " if end is None else f" {end[0]}"

    def bare(found: re.Match[str]) -> str:
        nonlocal count
        count += max(_URL_LENGTH, len(found[0]))
        return " "

    def emoji(_: re.Match[str]) -> str:
        nonlocal count
        count += 2
        return " "

    rest = unicodedata.normalize("NFC", text)
    for pattern, counted in ((_URL, url), (_BARE, bare), (_EMOJI, emoji)):
        rest, replaced = pattern.subn(counted, rest)
        count -= replaced  # the spaces that keep neighbours apart are not part of the post
    return count + sum(1 if any(low <= ord(c) <= high for low, high in _NARROW) else 2 for c in rest)


def _tweet(text: str) -> str:
    if (length := x_length(text)) > TWEET_LIMIT:
        raise ValueError(f"counts {length} on X, at most {TWEET_LIMIT} are allowed")
    return text


Tweet = Annotated[Said, AfterValidator(_tweet)]
Description = Annotated[Said, at_most(DESCRIPTION_LIMIT)]


class Thread(Asset):
    """Posts for X that are read one after the other."""

    tweets: Annotated[list[Tweet], different(TWEETS, "posts")] = Field(
        description="exactly 5 different posts, each at most 280 characters as X counts them"
    )


class LinkedInPost(Asset):
    """One post, plain text with line breaks."""

    text: Annotated[Said, at_most(LINKEDIN_LIMIT)] = Field(description="at most 3000 characters, plain text")


class NewsletterSnippet(Asset):
    """A block for the next newsletter."""

    headline: Annotated[Said, at_most(HEADLINE_LIMIT)] = Field(description="one line, at most 150 characters")
    text: Annotated[Said, at_most(SNIPPET_LIMIT)] = Field(description="at most 2000 characters, plain text")


class SeoDescriptions(Asset):
    """Alternatives for a page's meta description."""

    descriptions: Annotated[list[Description], different(DESCRIPTIONS, "descriptions")] = Field(
        description="exactly 3 different descriptions, each at most 160 characters"
    )


class CampaignWords(Asset):
    """A campaign's mail, as templates. `subject_b` is the second subject of a test, empty where there is none."""

    subject: Annotated[Said, at_most(SUBJECT_LIMIT)] = Field(description="one line, at most 150 characters")
    subject_b: Annotated[str, at_most(SUBJECT_LIMIT)] = ""
    preheader: Annotated[str, at_most(SUBJECT_LIMIT)] = ""
    body: Annotated[Said, at_most(BODY_LIMIT)] = Field(description="MJML sections with Liquid in them")
    why: Annotated[str, at_most(SNIPPET_LIMIT)] = ""


MadeFrom = Literal["text", "book", "brand", "person"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of asset: the name of its prompt, its shape, and the channel that it is approved for.

    `made_from` says what a writer needs: a `text` (a release, an article, a chapter), a whole `book` with its product,
    the `brand` with its catalogue, or a `person`, where no writer writes it. Prompts are `config/prompts/{name}.md`.
    `asked` makes the shape that a writer is asked for, where some of it follows from the brief; it raises Invalid.
    """

    name: str
    shape: type[Asset]
    channel: str
    made_from: MadeFrom = "text"
    asked: Callable[[Brief], type[Asset]] | None = None

    def asked_of(self, brief: Brief | None) -> type[Asset]:
        """What a writer is asked for, by that brief. Raises Invalid for one that says too little."""
        return self.asked(brief) if self.asked and brief else self.shape


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind("thread", Thread, "x"),
            Kind("linkedin", LinkedInPost, "linkedin"),
            Kind("newsletter", NewsletterSnippet, "newsletter"),
            Kind("descriptions", SeoDescriptions, "seo"),
            Kind("offer_bundle", OfferBundle, "offer", "brand"),
            Kind("offer_tiers", OfferTiers, "offer", "brand"),
            Kind("offer_limited", OfferLimited, "offer", "brand"),
            Kind("offer_seasonal", OfferSeasonal, "offer", "brand"),
            Kind("campaign", CampaignWords, "campaign", "person"),
            *(Kind(f"{PREFIX}{strategy}", Funnel, "funnel", "book") for strategy in STRATEGIES),
            *(Kind(f"sequence_{name}", WrittenSequence, "sequence", "book", asked(name)) for name in PLANS),
            *(Kind(name, shape, "magnet", "book") for name, shape in MAGNETS.items()),
        )
    }
)
# What a writer makes; a campaign is a person's own words.
WRITTEN: Mapping[str, Kind] = MappingProxyType(
    {name: kind for name, kind in KINDS.items() if kind.made_from != "person"}
)
# What a release or an article becomes: these need nothing but its text.
FROM_TEXT: Mapping[str, Kind] = MappingProxyType(
    {name: kind for name, kind in KINDS.items() if kind.made_from == "text"}
)


class Quality(BaseModel):
    """What can be said of a draft without understanding it. Scores run from 0 to 1; `overall` is their mean."""

    scores: dict[str, float]
    overall: float
    advice: Literal["approve", "review carefully"]
    urgent: bool


# Above the first a reviewer is told "approve"; below the second they are told at high priority.
APPROVE_ABOVE = 0.8
URGENT_BELOW = 0.7
EASY_WORDS = 20  # words in a sentence that anybody follows
HARD_WORDS = 50
_TERM = re.compile(r"[\u3040-\u9fff\uac00-\ud7af]|[^\W\d_\u3040-\u9fff\uac00-\ud7af]{4,}")
_SENTENCE_END = re.compile(r"[.!?…。！？।؟]+\s*|\n+")  # noqa: RUF001 - full-width marks end sentences too


def quality(asset: BaseModel, source: Mapping[str, str]) -> Quality:
    """Length, call to action, relevance and readability of a draft made from `source`."""
    said = texts(asset)
    whole = "\n".join(said)
    scores = {
        "relevance": _relevance(whole, "\n".join(source.values())),
        "readability": _readability(whole),
        "length": _length(asset, said),
    }
    # A meta description has nowhere to lead to: the page that it describes is the link.
    # Nor have an offer's words, which stand beside its own button.
    if not isinstance(asset, SeoDescriptions | Offer):
        scores["call_to_action"] = 1.0 if _URL.search(whole) else 0.0
    scores = {name: round(score, 2) for name, score in scores.items()}
    overall = round(sum(scores.values()) / len(scores), 2)
    return Quality(
        scores=scores,
        overall=overall,
        advice="approve" if overall > APPROVE_ABOVE else "review carefully",
        urgent=overall < URGENT_BELOW,
    )


def _relevance(draft: str, source: str) -> float:
    """The share of the draft's terms that the source has as well: what it does not have may be invented."""
    terms = set(_TERM.findall(_URL.sub(" ", draft).casefold()))
    known = set(_TERM.findall(source.casefold()))
    return len(terms & known) / len(terms) if terms else 0.0


def _readability(draft: str) -> float:
    sentences = [s for s in _SENTENCE_END.split(_URL.sub(" ", draft)) if s.strip()]
    words = [len(s.split()) for s in sentences] or [0]
    mean = sum(words) / len(words)
    return min(1.0, max(0.0, (HARD_WORDS - mean) / (HARD_WORDS - EASY_WORDS)))


# Below the first number a text looks unfinished, above the second it is seldom read to its end.
_GOOD_LENGTHS: Mapping[type[BaseModel], tuple[int, int]] = MappingProxyType(
    {Thread: (20, TWEET_LIMIT), LinkedInPost: (150, 2_000), NewsletterSnippet: (30, 900), SeoDescriptions: (50, 160)}
)


def _length(asset: BaseModel, said: Sequence[str]) -> float:
    low, high = _GOOD_LENGTHS.get(type(asset), (1, 10_000))
    return sum(1.0 if low <= len(text) <= high else 0.5 for text in said) / len(said)
