"""What a model thinks of a draft that a model wrote. Without a model, or an answer in time, nothing is said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog

from domain import assets
from domain.content import Kind
from domain.errors import Invalid, ProviderError
from domain.quality import Opinion
from providers.protocols import WritingRequest, Written
from store.materials import Material

OPINION = "opinion"
PATIENCE_S = 30.0
# Of the source, in characters: the opinion on a chapter does not need its whole book.
SOURCE_LIMIT = 20_000
# Asks the writer, and keeps what that costs.
Ask = Callable[[WritingRequest[Opinion], UUID | None], Awaitable[Written[Opinion]]]
log = structlog.get_logger("activities.opinions")


async def opinion(
    ask: Ask,
    kind: Kind,
    written: Written[assets.Asset],
    material: Material,
    tone: str,
    key: str,
    review_id: UUID | None,
) -> Opinion | None:
    """The model's opinion; None of what no model wrote, and where it has none to give: no draft waits for that."""
    if written.offline:
        return None
    source = {name: text[:SOURCE_LIMIT] for name, text in material.source.items()}
    draft = "\n\n".join(assets.texts(written.value))
    request = WritingRequest(
        OPINION, Opinion, source={**source, "kind": kind.name, "draft": draft}, tone=tone, key=f"{key}:{OPINION}"
    )
    try:
        return (await asyncio.wait_for(ask(request, review_id), PATIENCE_S)).value
    except (ProviderError, Invalid, TimeoutError) as error:
        log.warning("no_opinion", kind=kind.name, reason=getattr(error, "code", "late"))
        return None
