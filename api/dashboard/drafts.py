"""A draft's words for the page: parts to show and edit, and what changed from one draft to the next. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from starlette.datastructures import FormData

from domain import content

_PIECE = re.compile(r"\s+|\w+|[^\w\s]")
FIELD = "body."
LIMITS = {
    ("linkedin", "text"): content.LINKEDIN_LIMIT,
    ("newsletter", "headline"): content.HEADLINE_LIMIT,
    ("newsletter", "text"): content.SNIPPET_LIMIT,
    ("descriptions", "descriptions"): content.DESCRIPTION_LIMIT,
    ("thread", "tweets"): content.TWEET_LIMIT,
    ("producthunt", "name"): content.HUNT_NAME_LIMIT,
    ("producthunt", "tagline"): content.TAGLINE_LIMIT,
    ("producthunt", "description"): content.HUNT_DESCRIPTION_LIMIT,
    ("producthunt", "first_comment"): content.SNIPPET_LIMIT,
}
LABELS = {
    "tweets": "Post",
    "text": "Text",
    "headline": "Headline",
    "descriptions": "Description",
    "first_comment": "First comment",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One text of an asset: where it stands in a form, and how long it is as its channel counts."""

    name: str
    label: str
    text: str
    length: int
    limit: int | None

    @property
    def over(self) -> bool:
        """Whether the channel would not take it."""
        return self.limit is not None and self.length > self.limit


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of text that stayed, came or went."""

    kind: Literal["same", "added", "removed"]
    text: str


def parts(kind: str, body: Mapping[str, Any]) -> list[Part]:
    """Every text of an asset in order, one for each textarea."""
    found: list[Part] = []
    for name in _names(kind, body):
        value = body.get(name)
        several = value if isinstance(value, list) else [value]
        label = LABELS.get(name, name.capitalize())
        for number, text in enumerate(several, 1):
            said = str(text or "")
            length = content.x_length(said) if kind == "thread" else len(said)
            shown = f"{label} {number}" if isinstance(value, list) else label
            found.append(Part(f"{FIELD}{name}", shown, said, length, LIMITS.get((kind, name))))
    return found


def _names(kind: str, body: Mapping[str, Any]) -> list[str]:
    known = content.KINDS.get(kind)
    names = list(known.shape.model_fields) if known else list(body)
    return [name for name in names if name != "note"]


def body_of(kind: str, form: FormData) -> dict[str, Any]:
    """The body that a form gives, in the shape of its kind: which of its fields are lists is the shape's word."""
    body: dict[str, Any] = {}
    for name, field in content.KINDS[kind].shape.model_fields.items():
        given = [str(value) for value in form.getlist(f"{FIELD}{name}")]
        if name != "note":
            body[name] = given if "list" in str(field.annotation) else "".join(given[:1])
    return body


def whole(kind: str, body: Mapping[str, Any]) -> str:
    """All texts of a draft as one, for comparison."""
    return "\n\n".join(part.text for part in parts(kind, body))


def changes(before: str, after: str) -> list[Change]:
    """What came and went, by words; the space between two changed words changes with them."""
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    found: list[Change] = []
    gone = came = ""
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        before_here, after_here = "".join(old[a:b]), "".join(new[c:d])
        if tag == "equal" and not ((gone or came) and before_here.isspace() and b < len(old) and d < len(new)):
            found += _changed(gone, came)
            gone = came = ""
            found.append(Change("same", before_here))
            continue
        gone, came = gone + before_here, came + after_here
    return found + _changed(gone, came)


def _changed(gone: str, came: str) -> list[Change]:
    both = (Change("removed", gone), Change("added", came))
    return [change for change in both if change.text]
