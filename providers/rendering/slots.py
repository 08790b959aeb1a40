"""A mail for many: rendered once, with marks where it speaks of the person, so that each further mail costs little.

Only what is put out of the person by itself can become a mark, such as `{{ contact.first_name | default: "there" }}`
between tags of HTML. Where a template decides by the person (`{% if contact.company %}`), or puts them into an address,
there are no marks and each mail is rendered for itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from providers.rendering.emails import CompiledEmail, EmailSources, Frame, Rendered, compile_sources
from providers.rendering.liquid import Compiled, parse
from providers.rendering.source import SourceFile

PERSON = "contact"
REMEMBERED = 4096
_TOKEN = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
_PERSON = re.compile(rf"\b{PERSON}\b")
_FIELD = re.compile(rf"\b{PERSON}\.(\w+)")
# What stands inside of these is not put out as it is, or not at all.
_HOLDING = re.compile(r"{%-?\s*(?:raw|comment|doc|capture|ifchanged|cycle)\b")


@dataclass(frozen=True, slots=True)
class Slot:
    """One expression about the person, in its two escapings, and the mark that stands for it."""

    mark: str
    fields: tuple[str, ...]
    plain: Compiled
    escaped: Compiled


@dataclass(frozen=True, slots=True)
class Slotted:
    """A compiled mail with its slots. `whole`: there are no marks, and each mail has to be rendered for itself."""

    email: CompiledEmail
    slots: tuple[Slot, ...]
    whole: bool

    def render(self, context: Mapping[str, object]) -> Rendered:
        """The mail with marks, or of one person where it is `whole`. Raises TemplateError."""
        return self.email.render(context)

    def values(self, person: Mapping[str, object]) -> dict[str, tuple[str, str]]:
        """What stands for each mark for this person: in a text, and in HTML. Raises TemplateError."""
        return {slot.mark: _value(slot, tuple((name, person.get(name)) for name in slot.fields)) for slot in self.slots}


@lru_cache(maxsize=REMEMBERED)
def _value(slot: Slot, person: tuple[tuple[str, object], ...]) -> tuple[str, str]:
    context = {PERSON: dict(person)}
    plain, escaped = (" ".join(part.run(context, []).split()) for part in (slot.plain, slot.escaped))
    return plain, escaped


def slotted(sources: EmailSources, frame: Frame, seed: str) -> Slotted:
    """Compile with marks that follow from `seed`, which nobody who writes templates can know beforehand."""
    # As it was written, so that what is wrong in it is told with its place.
    compiled = compile_sources(sources, frame)
    names = ("subject", "preheader", "body", "why", "text")
    parts = {name: part for name in names if (part := getattr(sources, name)) is not None}
    tokens = list(dict.fromkeys(token for part in parts.values() for token in _about_the_person(part.text)))
    slots = {token: _slot(token, f"q{seed}x{number}q") for number, token in enumerate(tokens)}
    if not all(_plain(part.text) for part in [*parts.values(), frame.source]) or None in slots.values():
        return Slotted(compiled, (), whole=True)
    made = {token: slot for token, slot in slots.items() if slot is not None}

    def mark(token: re.Match[str]) -> str:
        return made[token[0]].mark if token[0] in made else token[0]

    marked = {name: SourceFile(part.name, _TOKEN.sub(mark, part.text)) for name, part in parts.items()}
    email = compile_sources(replace(sources, **marked), frame)  # type: ignore[arg-type] # each a SourceFile's field
    return Slotted(email, tuple(made.values()), whole=False)


def _about_the_person(text: str) -> list[str]:
    return [token[0] for token in _TOKEN.finditer(text) if token[0].startswith("{{") and _PERSON.search(token[0])]


def _slot(token: str, word: str) -> Slot | None:
    """The expression by itself; None where it needs more than the person's own fields."""
    source = SourceFile("slot", token)
    plain = parse(source)
    if plain.words() != {PERSON} or len(_FIELD.findall(token)) != len(_PERSON.findall(token)):
        return None
    return Slot(word, tuple(dict.fromkeys(_FIELD.findall(token))), plain, parse(source, escape=True))


def _plain(text: str) -> bool:
    """Whether each word about the person stands in an expression of its own, outside of tags of HTML and Liquid."""
    if _HOLDING.search(text):
        return False
    for token in _TOKEN.finditer(text):
        if not _PERSON.search(token[0]):
            continue
        in_tag = text.rfind("<", 0, token.start()) > text.rfind(">", 0, token.start())
        if token[0].startswith("{%") or "-" in (token[0][2], token[0][-3]) or in_tag:
            return False
    return True
