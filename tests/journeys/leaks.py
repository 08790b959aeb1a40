"""Finds words in bytes, in whatever spelling they may have got there."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from functools import cache
from urllib.parse import quote, quote_plus


@cache
def spellings(word: str) -> frozenset[bytes]:
    """Those of the word in its own case and in small letters, all in small letters: see `_spelled`."""
    return frozenset(one.lower() for one in _spelled(word) | _spelled(word.lower()))


def _spelled(word: str) -> set[bytes]:
    """As UTF-8, escaped as in JSON and in addresses, and as base64 wherever it may stand in a longer text."""
    plain = word.encode()
    escaped = json.dumps(word)[1:-1].encode()
    twice = json.dumps(escaped.decode())[1:-1].encode()
    texts = {plain, escaped, twice, quote(word).encode(), quote_plus(word).encode(), plain.hex().encode()}
    return texts | {inner for each in (plain, escaped) for inner in _in_base64(each)}


def _in_base64(plain: bytes) -> Iterable[bytes]:
    """What of the word is the same whatever stands around it, for each of its three possible places."""
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + plain)
        first = (0, 2, 3)[shift]
        last = (shift + len(plain)) // 3 * 4
        if last - first > 7:  # what is shorter is in any text by chance
            yield encoded[first:last]


def found(words: Iterable[str], where: bytes) -> list[str]:
    """Those of the words that are in there, in any spelling and case."""
    lower = where.lower()
    return sorted({word for word in words if any(one in lower for one in spellings(word))})
