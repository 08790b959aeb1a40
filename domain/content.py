"""The content assets that a source is made into: their shapes, their rules and where they go.

The rules are validators, not JSON-schema keywords, because structured output of several model endpoints
refuses `maxLength` and `minItems`; the descriptions tell a model the same in words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from domain.assets import Asset, Said, at_most, different
from domain.briefs import Brief
from domain.funnel_plan import PREFIX
from domain.funnels import STRATEGIES, Funnel
from domain.magnets import MAGNETS
from domain.sequence_plans import PLANS
from domain.strategies import CHANNEL
from domain.strategies import STRATEGIES as ADVISED
from domain.written_offers import OfferBundle, OfferLimited, OfferSeasonal, OfferTiers
from domain.written_sequences import WrittenSequence, asked

TWEETS = 5
TWEET_LIMIT = 280
LINKEDIN_LIMIT = 3_000
HEADLINE_LIMIT = 150
SNIPPET_LIMIT = 2_000
DESCRIPTIONS = 3
DESCRIPTION_LIMIT = 160
SUBJECT_LIMIT = 150
# As Product Hunt's form counts them; it has no limit of its own for a comment.
HUNT_NAME_LIMIT = 40
TAGLINE_LIMIT = 60
HUNT_DESCRIPTION_LIMIT = 260
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


class ProductHuntPost(Asset):
    """What a person posts on Product Hunt: a name, a tagline, a description, and the makers' first comment."""

    name: Annotated[Said, at_most(HUNT_NAME_LIMIT)] = Field(description="the product's name, at most 40 characters")
    tagline: Annotated[Said, at_most(TAGLINE_LIMIT)] = Field(description="one line, at most 60 characters")
    description: Annotated[Said, at_most(HUNT_DESCRIPTION_LIMIT)] = Field(description="at most 260 characters")
    first_comment: Annotated[Said, at_most(SNIPPET_LIMIT)] = Field(description="at most 2000 characters, plain text")


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
            Kind("producthunt", ProductHuntPost, "producthunt"),
            Kind("offer_bundle", OfferBundle, "offer", "brand"),
            Kind("offer_tiers", OfferTiers, "offer", "brand"),
            Kind("offer_limited", OfferLimited, "offer", "brand"),
            Kind("offer_seasonal", OfferSeasonal, "offer", "brand"),
            Kind("campaign", CampaignWords, "campaign", "person"),
            *(Kind(f"{PREFIX}{strategy}", Funnel, "funnel", "book") for strategy in STRATEGIES),
            *(Kind(f"sequence_{name}", WrittenSequence, "sequence", "book", asked(name)) for name in PLANS),
            *(Kind(name, shape, "magnet", "book") for name, shape in MAGNETS.items()),
            *(Kind(name, shape, CHANNEL, "brand") for name, shape in ADVISED.items()),
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
