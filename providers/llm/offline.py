"""The writer that needs no model and no key: plain drafts of the source's own sentences, saying that they are."""

from __future__ import annotations

import asyncio
import time
from typing import Any, TypeVar

from pydantic import BaseModel

from domain.errors import Invalid, ProviderError
from providers.llm.books import BOOK_DRAFTS
from providers.llm.drafting import DRAFTS
from providers.llm.facts import Facts, Wish
from providers.llm.picking import PICKS
from providers.protocols import Free, WritingRequest, Written

T = TypeVar("T", bound=BaseModel)


class OfflineWriter(Free):
    """A `Writer` that selects and orders, and invents nothing. The same request gives the same draft.

    `tone` and `examples` need somebody who can write and are not used; of `instructions` it honours shorter,
    longer, and words that the source has, and says in the draft's `note` what it cannot do. Asked to pick among
    words, it picks those that the source has.
    """

    name = "offline"

    async def write(self, request: WritingRequest[T]) -> Written[T]:
        """Raises `Invalid` where the source says nothing, or too little for this kind."""
        started = time.perf_counter()
        kind, shape, source = request.kind, request.shape, request.source
        if kind in PICKS:
            picked = shape.model_validate(PICKS[kind](shape, source))
            return Written(value=picked, model=self.name, offline=True, latency_s=time.perf_counter() - started)
        value = shape.model_validate(await _draft(request))
        return Written(value=value, model=self.name, offline=True, latency_s=time.perf_counter() - started)

    async def aclose(self) -> None:
        """Nothing is held open."""


async def _draft(request: WritingRequest[T]) -> dict[str, Any]:
    """The draft's parts. A draft of a book has the last word in its own note."""
    wish = Wish.read(request.instructions)
    if (of_book := BOOK_DRAFTS.get(request.kind)) is not None:
        if request.brief is None:
            raise Invalid(f"A {request.kind} is made from a book or a brand: ask for one by name.", "source")
        # Reading a book takes a part of a second, in which other drafts go on.
        return {"note": wish.note, **await asyncio.to_thread(of_book, request.brief, wish)}
    draft = DRAFTS.get(request.kind)
    if draft is None:
        raise ProviderError("unsupported", f"The offline writer cannot write {request.kind!r}", permanent=True)
    return {**draft(Facts.of(request.source, wish), wish), "note": wish.note}
