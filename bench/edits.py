"""How long it takes to say how far an edit went."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from difflib import SequenceMatcher
from functools import partial

from bench.ground import Scale
from bench.table import Row
from domain.learning import distance
from embedded.progress import Say
from providers.reading import read
from settings import SOURCE

TITLE = "Edit distance of eight pages"
ABOUT = (
    "Walden's first words, as many as eight pages have, are edited: a tenth of the words are others, or all of them "
    "are in another order. *Ours* is the share of words that went or came, by a bit-parallel longest common "
    "subsequence; difflib's ratio over the same words, without its shortcut, is beside it."
)
WORDS = 3_200
ROUNDS = 20
MOST_MS = 50.0


async def measure(scale: Scale, say: Say) -> list[Row]:
    """A light edit, then a heavy one."""
    book = await read(SOURCE / "config" / "books" / "walden.epub", "walden.epub")
    before = " ".join(block.text for chapter in book.chapters for block in chapter.blocks).split()[:WORDS]
    rows: list[Row] = []
    for name, after in (("a tenth changed", _light(before)), ("all in another order", _heavy(before))):
        say(name)
        old, new = " ".join(before), " ".join(after)
        ours_ms = await asyncio.to_thread(_timed, partial(distance, old, new), scale.of(ROUNDS))
        compared = SequenceMatcher(None, before, after, autojunk=False)
        theirs_ms = await asyncio.to_thread(_timed, compared.ratio, 1)
        times = f"{theirs_ms / ours_ms:,.0f} times as long"
        rows.append(Row(f"ours: {name}", ours_ms, "ms", MOST_MS, digits=2, note=f"distance {distance(old, new):.2f}"))
        rows.append(Row(f"difflib: {name}", theirs_ms, "ms", digits=1, note=times))
    return rows


def _light(words: list[str]) -> list[str]:
    return [f"{word}x" if place % 10 == 0 else word for place, word in enumerate(words)]


def _heavy(words: list[str]) -> list[str]:
    shuffled = words[:]
    random.Random(7).shuffle(shuffled)
    return shuffled


def _timed(call: Callable[[], object], rounds: int) -> float:
    begun = time.perf_counter()
    for _ in range(rounds):
        call()
    return (time.perf_counter() - begun) * 1000 / rounds
