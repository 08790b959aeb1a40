"""Which files of a repository are content: patterns as people write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, Field

# Blog posts and changelogs, wherever they lie.
DEFAULT = ("**/blog/**", "**/changelog", "**/changelog.*", "**/changes", "**/changes.*")
_PART = re.compile(r"\*\*/|/\*\*$|\*\*|\*|\?")
_MEANS = {"**/": "(?:.*/)?", "/**": "/.+", "*": "[^/]*", "?": "[^/]"}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Raises ValueError with what is wrong with the pattern."""
    if pattern.startswith("/") or "\\" in pattern or "//" in pattern:
        raise ValueError("a path is written from the top of the repository, with / between its parts: blog/**/*.md")
    made, end = "", 0
    for found in _PART.finditer(pattern):
        before = pattern[: found.start()]
        if found[0] == "**" or (found[0] == "**/" and before and not before.endswith("/")):
            raise ValueError("** stands for whole folders: write it between slashes, as in blog/**/*.md")
        made += re.escape(pattern[end : found.start()]) + _MEANS[found[0]]
        end = found.end()
    return re.compile(made + re.escape(pattern[end:]), re.IGNORECASE)


def _checked(pattern: str) -> str:
    _compiled(pattern)
    return pattern


ContentPath = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_checked)]


def is_content(path: str, patterns: Sequence[str]) -> bool:
    """Whether any of them fits. `*` and `?` stay within a name, `**` is any folders; letters count in either case."""
    return any(_compiled(pattern).fullmatch(path) for pattern in patterns)
