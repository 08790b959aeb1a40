"""Bodies that nobody should send: a corpus of what has broken parsers before, and what Hypothesis makes up."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

CORPUS: tuple[bytes, ...] = (
    b"",
    b" ",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    '{"id": "ä"}'.encode("utf-16"),
    '{"id": "ä"}'.encode("latin-1"),
    b"null",
    b"true",
    b"0",
    b'""',
    b"[]",
    b"{}",
    b"[[]]",
    b"[null]",
    b"[{}]",
    b"{",
    b"[",
    b'{"a"',
    b'{"a":',
    b'{"a":1,}',
    b"{'a': 1}",
    b'{"a":1}{"a":2}',
    b'{"a":1,"a":2}',
    b"NaN",
    b'{"a":NaN}',
    b'{"a":Infinity,"b":-Infinity}',
    b'{"created":1e999}',
    b'{"created":' + b"9" * 5_000 + b"}",
    b'{"created":-99999999999999999999}',
    b'{"id":"\\u0000"}',
    b'{"id":"\\ud800"}',
    b'{"id":"\\udfff\\ud800"}',
    b'{"\\u0000":"\\u0000"}',
    b"[" * 20_000,
    b"[" * 900 + b"]" * 900,
    b'{"a":' * 20_000,
    b'{"a":"' + b"x" * 200_000 + b'"}',
    b'{"' + b"k" * 100_000 + b'":1}',
    b"[" + b"0," * 50_000 + b"0]",
    b"payload=%7B%7D",
    b"a=1&a=2&%00=%00&=&&",
    b"email=%FF%FE&message=%ED%A0%80",
    b"email=" + b"a" * 10_000 + b"@example.com",
    b'--x\r\ncontent-disposition: form-data; name="email"\r\n\r\n',
    b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    b"' OR 1=1; DROP TABLE events; --",
    b"{{7*7}}${7*7}<%= 7*7 %>",
)

_TEXTS = st.text(max_size=30) | st.sampled_from(
    ["", " ", "\x00", "a\x00b", "\ud800", "9" * 400, "-1", "NaN", "1e999", "null", "0001-01-01T00:00:00", "@", "a@b",
     "2026-02-30", "9999-12-31T23:59:59+14:00", "\u202e", "x" * 3_000, "https://", "evt\r\nset-cookie: a=b"]
)  # fmt: skip
_NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(10**30), 2**63, 2**31, -1, 0, 1e308])
_VALUES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)


class Mill:
    """Makes malformed bodies, the same for the same seed."""

    def __init__(self, luck: random.Random, values: int) -> None:
        self._luck = luck
        self._values = _made(_VALUES, values, luck)
        self._noise = _made(st.binary(max_size=200), values // 4, luck)

    def json(self, genuine: Sequence[Any], count: int) -> Iterator[bytes]:
        """The corpus, noise, and what a vendor sends with parts of it replaced, left out, doubled or cut off."""
        for number in range(count):
            if number < len(CORPUS):
                yield CORPUS[number]
            elif number % 10 == 0:
                yield self._luck.choice(self._noise)
            elif number % 10 == 1:
                yield _text(self._luck.choice(self._values))
            else:
                yield self._bent(self._luck.choice(genuine))

    def form(self, genuine: dict[str, str], count: int) -> Iterator[bytes]:
        """The corpus, noise, and forms whose address is none."""
        for number in range(count):
            if number < len(CORPUS):
                yield CORPUS[number]
            elif number % 10 == 0:
                yield self._luck.choice(self._noise)
            else:
                fields = {name: self._word() if self._luck.random() < 0.4 else value for name, value in genuine.items()}
                yield urlencode({**fields, "email": self._word()}, errors="replace").encode()

    def value(self) -> Any:
        """Any JSON value, for the caller to keep."""
        return copy.deepcopy(self._luck.choice(self._values))

    def _word(self) -> str:
        value = self.value()
        return value if isinstance(value, str) else json.dumps(value)

    def _bent(self, genuine: Any) -> bytes:
        document = json.loads(json.dumps(genuine))
        for _ in range(self._luck.choice((1, 1, 2, 4))):
            holder, key = self._luck.choice(list(_places(document)) or [([document], 0)])
            if self._luck.random() < 0.2 and isinstance(holder, dict):
                del holder[key]
            else:
                holder[key] = self.value()
        whole = _text(document)
        return whole[: self._luck.randrange(len(whole))] if self._luck.random() < 0.05 else whole


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document, by what holds it."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(pairs):
        yield node, key
        yield from _places(value)


def _text(value: Any) -> bytes:
    return json.dumps(value).encode()


def _made(strategy: st.SearchStrategy[Any], count: int, luck: random.Random) -> list[Any]:
    """So many of Hypothesis's examples, for a use that is no property: they go over a network."""
    found: list[Any] = []
    quiet = settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @seed(luck.randrange(2**32))
    @quiet
    @given(strategy)
    def keep(value: Any) -> None:
        found.append(value)

    keep()
    return found
