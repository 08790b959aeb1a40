"""How much people change of what a writer made, and what the next draft can learn from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

# Of one edit, what a writer is shown: so many texts, each with so many characters.
PAIRS: Final = 6
PAIR_LIMIT: Final = 1_200


def common(before: Sequence[str], after: Sequence[str]) -> int:
    """How many words two texts have in common, in order: their longest common subsequence.

    Bit-parallel, all words of `before` at once in one number (H. Hyyrö, "Bit-parallel LCS-length computation
    revisited", 2004), so that ten pages take milliseconds.
    """
    places: dict[str, int] = {}
    for number, word in enumerate(before):
        places[word] = places.get(word, 0) | 1 << number
    whole = (1 << len(before)) - 1
    free = whole
    for word in after:
        here = free & places.get(word, 0)
        free = ((free + here) | (free - here)) & whole
    return len(before) - free.bit_count()


def distance(before: str, after: str) -> float:
    """The share of words that went or came, from 0 (the same words) to 1 (none in common)."""
    old, new = before.split(), after.split()
    total = len(old) + len(new)
    return 1 - 2 * common(old, new) / total if total else 0.0


def pairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """The texts of an asset that an edit changed, as they were and as they became; one that is new was empty."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    changed = [(old.get(path, ""), text) for path, text in new.items() if old.get(path) != text]
    changed += [(text, "") for path, text in old.items() if path not in new]
    return [{"before": was[:PAIR_LIMIT], "after": became[:PAIR_LIMIT]} for was, became in changed[:PAIRS]]


def _leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if name != "note" or path:
                yield from _leaves(item, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, (*path, number))
