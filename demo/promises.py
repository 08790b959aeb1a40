"""Promises in words, each with what was found, and the last line that counts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Promise:
    """One plain expectation; `found` says what there was instead, or beside it."""

    words: str
    held: bool
    found: str = ""


@dataclass(slots=True)
class Promises:
    """What one part of the story promises."""

    title: str
    kept: list[Promise] = field(default_factory=list)

    def add(self, words: str, held: object, found: object = "") -> None:
        """Write down whether it was so."""
        self.kept.append(Promise(words, bool(held), str(found)))

    def same(self, words: str, found: object, wanted: object) -> None:
        """Write down whether what was found is what was wanted."""
        self.add(words, found == wanted, f"found {found}, wanted {wanted}" if found != wanted else "")


def broken(parts: Sequence[Promises]) -> list[Promise]:
    """Those that did not hold."""
    return [promise for part in parts for promise in part.kept if not promise.held]


def last_line(parts: Sequence[Promises]) -> str:
    """`31 of 31 promises held`; those that did not are named."""
    lost = broken(parts)
    total = sum(len(part.kept) for part in parts)
    line = f"{total - len(lost)} of {total} promises held"
    return line if not lost else f"{line}; not held: " + "; ".join(promise.words for promise in lost)


def show(console: Console, parts: Sequence[Promises]) -> None:
    """A tick or a cross for each."""
    for part in parts:
        console.print(Text(f"\n{part.title}", style="bold"))
        for promise in part.kept:
            mark = Text("  ✓ ", style="green") if promise.held else Text("  ✗ ", style="bold red")
            detail = f"  ({promise.found})" if promise.found else ""
            console.print(mark + Text(promise.words) + Text(detail, style="dim" if promise.held else "red"))
