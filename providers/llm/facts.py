"""What is known of a source: its names, its address and what it says, in the order that a reviewer's wish gives."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.errors import Invalid
from providers.llm.reading import Statement, statements, tidy

_SHORTER = frozenset({"brief", "briefer", "concise", "short", "shorter", "shorten"})
_LONGER = frozenset({"detail", "detailed", "details", "expand", "long", "longer"})
# Words that name nothing that could be looked for in a source.
_FILLING = frozenset(
    {"a", "about", "and", "bit", "focus", "i", "in", "include", "is", "it", "less", "make", "mention", "more", "much"}
    | {"on", "please", "post", "text", "that", "the", "this", "too", "with", "write"}
)
# A shorter word says too little to look for.
_TERM_LENGTH = 3

# A longer address leaves no room for what it leads to.
URL_LIMIT = 200

BASE_NOTE = "Written offline, from the source's own sentences."
WISH_NOTE = "The offline writer cannot follow free instructions: it chose and ordered other parts of the source."


@dataclass(frozen=True, slots=True)
class Wish:
    """A reviewer's instructions, as far as selection can honour them: `size` is -1 (shorter), 0 or 1 (longer)."""

    size: int = 0
    terms: frozenset[str] = frozenset()
    text: str = ""

    @classmethod
    def read(cls, instructions: str) -> Wish:
        words = set(re.findall(r"\w+", instructions.casefold()))
        shorter, longer = bool(words & _SHORTER), bool(words & _LONGER)
        rest = words - _SHORTER - _LONGER - _FILLING
        return cls(
            size=longer - shorter,
            terms=frozenset(word for word in rest if len(word) >= _TERM_LENGTH),
            text=" ".join(sorted(rest)),
        )

    @property
    def note(self) -> str:
        return f"{BASE_NOTE} {WISH_NOTE}" if self.text else BASE_NOTE

    def arranged(self, found: Sequence[Statement]) -> list[Statement]:
        """Those that hold a word of the wish first; where none does, all from another start."""
        if not self.text:
            return list(found)
        named = [s for s in found if self.terms & set(re.findall(r"\w+", s.text.casefold()))]
        if named:
            return named + [s for s in found if s not in named]
        # The same wish gives the same draft: no randomness, and Python's own hash() differs between processes.
        start = 1 + sum(self.text.encode()) % max(1, len(found) - 1)
        return [*found[start:], *found[:start]]


@dataclass(frozen=True, slots=True)
class Facts:
    """A source by its parts; texts are as the source has them, empty where it has none.

    `label` is the shortest name (`acme/widgets v1.2.0`), `headline` that with the title.
    """

    label: str
    headline: str
    name: str
    tag: str
    repository: str
    url: str
    statements: Sequence[Statement]

    @classmethod
    def of(cls, source: Mapping[str, str], wish: Wish) -> Facts:
        """Of `repository`, `tag`, `name` (or `title`), `body` (Markdown) and `url`; all but `body` may be missing.

        Raises `Invalid` where the body says nothing.
        """
        found = statements(source.get("body", ""))
        if not found:
            raise Invalid("There is nothing to write about: the source's text is empty.", field="body")
        repository, tag, url = (_line(source, part) for part in ("repository", "tag", "url"))
        if len(url) > URL_LIMIT or not url.startswith(("https://", "http://")):
            url = ""
        name = _line(source, "name") or _line(source, "title")
        label = " ".join(filter(None, (repository, tag))) or name or url
        return cls(
            label=label,
            headline=_headline(repository, tag, name) or label,
            name=name,
            tag=tag,
            repository=repository,
            url=url,
            statements=wish.arranged(found),
        )

    def lines(self) -> list[str]:
        """Plain facts about the source, for where what it says fills too few places."""
        page = self.url.partition("/releases/")[0] if "/releases/" in self.url else self.repository
        pairs = (("Release", self.name), ("Tag", self.tag), ("Repository", page))
        told = [f"{what}: {value}" for what, value in pairs if value]
        headings = dict.fromkeys(s.heading for s in self.statements if s.heading)
        return told + [f"{self.label}: {heading}" for heading in headings if self.label]


def _line(source: Mapping[str, str], part: str) -> str:
    return tidy(source.get(part, "").replace("\n", " "))


def _headline(repository: str, tag: str, name: str) -> str:
    """Repository, tag and title, without saying the tag or the title twice."""
    if not name or name == tag:
        return " ".join(filter(None, (repository, tag)))
    told = " ".join(filter(None, (repository, "" if tag and tag in name else tag)))
    return f"{told}: {name}" if told and not name.startswith(told) else name
