"""Drafts of each kind, put together from a source's own statements: selected, ordered and never rewritten."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from domain.content import (
    DESCRIPTION_LIMIT,
    DESCRIPTIONS,
    HEADLINE_LIMIT,
    HUNT_DESCRIPTION_LIMIT,
    HUNT_NAME_LIMIT,
    TAGLINE_LIMIT,
    TWEET_LIMIT,
    TWEETS,
    x_length,
)
from domain.errors import Invalid
from providers.llm.facts import Facts, Wish
from providers.llm.reading import Statement

# By the wish's size (-1, 0, 1): statements in a post; characters of a LinkedIn post and of a snippet.
PER_POST = {-1: 1, 0: 2, 1: 6}
LINKEDIN_BUDGET = {-1: 500, 0: 1_300, 1: 2_800}
SNIPPET_BUDGET = {-1: 200, 0: 400, 1: 900}
MORE = "…"
NAME_LIMIT = 200  # leaves room for an address beside it

JOINERS = "\u200d\ufe0f"

Measure = Callable[[str], int]
Draft = Mapping[str, str | list[str]]


def thread(facts: Facts, wish: Wish) -> Draft:
    """What it is, what it says, where to read it; where it says little, plain facts fill the five posts."""
    opening = [_cut(facts.headline, TWEET_LIMIT, x_length)] if facts.headline else []
    name = _cut(facts.label, NAME_LIMIT, x_length)
    closing = [f"{name}\n{facts.url}"] if facts.url and facts.url != facts.label else []
    middle = _posts(facts, wish, TWEETS - len(opening) - len(closing), taken=opening)
    tweets = [*opening, *middle, *closing]
    if len(set(tweets)) < TWEETS:
        raise Invalid(f"The source says too little for {TWEETS} different posts.", field="body")
    return {"tweets": tweets}


def _posts(facts: Facts, wish: Wish, places: int, taken: Sequence[str]) -> list[str]:
    said = [s.text for s in facts.statements if s.text not in taken]
    short = [text for text in said if x_length(text) <= TWEET_LIMIT]
    if len(short) >= places:
        return _grouped(short, places, PER_POST[wish.size])
    posts: list[str] = []
    left = places - len(short)
    # In the source's order; a long sentence goes on in the next post, whole, where there are places for it.
    for text in said:
        parts = [text] if text in short else _continued(text)
        extra = 0 if text in short else len(parts)
        if extra <= left:
            posts += parts
            left -= extra
    if not posts:
        # Nothing fits whole: its beginning says more than its names do, and the ellipsis says that it is one.
        posts = _continued(said[0])[:places] if said else []
    fillers = [line for line in facts.lines() if line not in {*posts, *taken} and x_length(line) <= TWEET_LIMIT]
    posts += fillers[: places - len(posts)]
    return posts


def _grouped(said: Sequence[str], places: int, most: int) -> list[str]:
    """The first statements, evenly over the places, in order; one alone stands without a bullet."""
    chosen = said[: places * most]
    posts, start = [], 0
    for place in range(places):
        size = len(chosen) // places + (place < len(chosen) % places)
        group = chosen[start : start + size]
        start += size
        post = group[0]
        for count in range(2, len(group) + 1):
            bullets = "\n".join(f"• {text}" for text in group[:count])
            if x_length(bullets) > TWEET_LIMIT:
                break
            post = bullets
        posts.append(post)
    return posts


def _continued(text: str) -> list[str]:
    """A long sentence over several posts, each but the last with an ellipsis at its end."""
    parts, rest = [], text
    while x_length(rest) > TWEET_LIMIT:
        part = _cut(rest, TWEET_LIMIT, x_length)
        parts.append(part)
        rest = f"{MORE} {rest[len(part) - len(MORE) :].strip()}"
    return [*parts, rest]


def linkedin(facts: Facts, wish: Wish) -> Draft:
    """Headline, what it says under its own headings, and the link."""
    budget = LINKEDIN_BUDGET[wish.size]
    headline = _cut(facts.headline, HEADLINE_LIMIT, len)
    frame = len(headline) + len(facts.url) + 4
    chosen = _within(facts.statements, budget - frame)
    body = _paragraphs(chosen) if chosen else _cut(facts.statements[0].text, budget - frame, len)
    return {"text": "\n\n".join(filter(None, (headline, body, facts.url)))}


def newsletter(facts: Facts, wish: Wish) -> Draft:
    """A headline, the first things it says, and the link."""
    budget = SNIPPET_BUDGET[wish.size]
    chosen = _within(facts.statements, budget)
    body = _paragraphs(chosen, headings=False) if chosen else _cut(facts.statements[0].text, budget, len)
    text = "\n\n".join(filter(None, (body, facts.url)))
    return {"headline": _cut(facts.headline, HEADLINE_LIMIT, len), "text": text}


def descriptions(facts: Facts, _: Wish) -> Draft:
    """A statement with the name before it where there is room; then without; then plain facts."""
    found: dict[str, None] = {}
    said = [s.text for s in facts.statements]
    named = [f"{facts.label}: {text}" if facts.label else text for text in said]
    plain = [headed if len(headed) <= DESCRIPTION_LIMIT else text for headed, text in zip(named, said, strict=True)]
    for text in (*plain, *said, facts.headline):
        if text and len(text) <= DESCRIPTION_LIMIT:
            found.setdefault(text)
    # What is cut says so.
    for text in (*said, facts.headline, *facts.lines()):
        if text:
            found.setdefault(_cut(text, DESCRIPTION_LIMIT, len))
    if len(found) < DESCRIPTIONS:
        raise Invalid(f"The source says too little for {DESCRIPTIONS} different descriptions.", field="body")
    return {"descriptions": list(found)[:DESCRIPTIONS]}


def _within(said: Iterable[Statement], budget: int) -> list[Statement]:
    """As many statements, in order, as fit; one that is too long is left out and shorter ones go on."""
    chosen = []
    for statement in said:
        # With its bullet and breaks, and as if each stood under a heading of its own.
        cost = len(statement.text) + 4 + (len(statement.heading) + 2 if statement.heading else 0)
        if cost <= budget:
            chosen.append(statement)
            budget -= cost
    return chosen


def _paragraphs(said: Sequence[Statement], *, headings: bool = True) -> str:
    """Sentences of one paragraph together, bullets as a list, each part under the heading that it had."""
    parts: list[str] = []
    for heading, under in groupby(said, key=lambda s: s.heading if headings else ""):
        lines = [heading] if heading else []
        for _, block in groupby(under, key=lambda s: s.block):
            unit = list(block)
            text = unit[0].text
            for following in unit[1:]:
                text += following.text if _wide(text[-1]) else f" {following.text}"
            lines.append(f"• {text}" if unit[0].bullet else text)
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _cut(text: str, limit: int, measure: Measure) -> str:
    """The text, or its beginning with an ellipsis: between words, where there are words."""
    if measure(text) <= limit:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[:middle] + MORE) <= limit else (low, middle - 1)
    space = text.rfind(" ", 0, low + 1)
    # Scripts without spaces are cut between characters; half a post is the least that is worth a word's edge.
    end = space if space > low // 2 else _character_edge(text, low)
    return text[:end].rstrip() + MORE


def _character_edge(text: str, end: int) -> int:
    """Not between a character and what is combined with it: accents, joined emoji."""
    at = end
    while at > 1 and (unicodedata.combining(text[at]) or text[at] in JOINERS or text[at - 1] == JOINERS[0]):
        at -= 1
    return at


def producthunt(facts: Facts, wish: Wish) -> Draft:
    """The product by its name, the shortest and the first things that are said of it, and more in the comment."""
    said = [statement.text for statement in facts.statements]
    short = [text for text in said if len(text) <= TAGLINE_LIMIT]
    described = _within(facts.statements, HUNT_DESCRIPTION_LIMIT)
    description = _paragraphs(described, headings=False) if described else said[0]
    told = _within(facts.statements, SNIPPET_BUDGET[wish.size])
    comment = _paragraphs(told, headings=False) if told else _cut(said[0], SNIPPET_BUDGET[wish.size], len)
    return {
        "name": _cut(facts.repository.rpartition("/")[2] or facts.name or facts.label, HUNT_NAME_LIMIT, len),
        "tagline": short[0] if short else _cut(said[0], TAGLINE_LIMIT, len),
        "description": _cut(description, HUNT_DESCRIPTION_LIMIT, len),
        "first_comment": "\n\n".join(filter(None, (comment, facts.url))),
    }


DRAFTS: Mapping[str, Callable[[Facts, Wish], Draft]] = MappingProxyType(
    {
        "thread": thread,
        "linkedin": linkedin,
        "newsletter": newsletter,
        "descriptions": descriptions,
        "producthunt": producthunt,
    }
)
