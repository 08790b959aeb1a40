"""One draft from the writer: the words and what they cost, or the sentence that says why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar, cast

from pydantic import BaseModel
from temporalio import activity

from domain import assets, completing, content
from domain.errors import Invalid, ProviderError
from domain.marketing import Marketing
from providers.protocols import Writer, WritingRequest, Written
from store.base import now
from store.review_drafts import Words

UNUSABLE = "malformed"
T = TypeVar("T", bound=BaseModel)


class Drafter:
    """Asks one writer, for one brand."""

    def __init__(self, writer: Writer, marketing: Marketing) -> None:
        self._writer = writer
        self._marketing = marketing

    async def draft(self, request: WritingRequest[T]) -> Written[T] | str:
        """The draft, or a sentence that says why there will be none. Raises ProviderError for an outage."""
        kind = content.KINDS.get(request.kind)
        try:
            shape = kind.asked_of(request.brief) if kind else request.shape
            request = replace(request, shape=cast("type[T]", shape))
            if request.brief is not None:
                more = completing.told(request.kind, request.brief)
                request = replace(request, source={**request.source, **more})
            return _finished(await self._writer.write(request), request)
        except Invalid as error:
            return str(error)
        except ProviderError as error:
            if not self._given_up(error):
                raise
            return f"The writer made no {request.kind} ({error.code})."

    def _given_up(self, error: ProviderError) -> bool:
        """An outage is waited out, but every answer that cannot be used has been paid for."""
        if error.code == UNUSABLE:
            return activity.info().attempt > self._marketing.limits.retries
        return error.final


def _finished(written: Written[T], request: WritingRequest[T]) -> Written[T]:
    """The draft with what is not the writer's to say. Raises ProviderError where its words fit no plan."""
    try:
        return replace(written, value=completing.finished(request.kind, written.value, request.brief, now()))
    except Invalid as error:
        raise ProviderError(UNUSABLE, str(error)) from None


def words(written: Written[assets.Asset], source: Mapping[str, str]) -> Words:
    """A draft as it is kept, with what can be said of its quality; `source` is what it was made from."""
    asset = written.value
    return Words(
        body=asset.model_dump(mode="json"),
        digest=assets.digest(asset),
        quality=content.quality(asset, source).model_dump(mode="json"),
        author=f"writer:{written.model}",
        model=written.model,
        offline=written.offline,
    )
