"""The writer that needs no model and no key: plain drafts of the source's own sentences, saying that they are."""

from __future__ import annotations

import time
from typing import TypeVar

from pydantic import BaseModel

from domain.errors import ProviderError
from providers.llm.drafting import DRAFTS
from providers.llm.facts import Facts, Wish
from providers.llm.picking import PICKS
from providers.protocols import WritingRequest, Written

T = TypeVar("T", bound=BaseModel)


class OfflineWriter:
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
        draft = DRAFTS.get(kind)
        if draft is None:
            raise ProviderError("unsupported", f"The offline writer cannot write {kind!r}", permanent=True)
        wish = Wish.read(request.instructions)
        value = shape.model_validate({**draft(Facts.of(source, wish), wish), "note": wish.note})
        return Written(value=value, model=self.name, offline=True, latency_s=time.perf_counter() - started)

    async def aclose(self) -> None:
        """Nothing is held open."""
