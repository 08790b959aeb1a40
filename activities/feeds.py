"""Reading the CMS's feeds, each at its own pace, by one worker at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from domain.clock import Clock
from domain.errors import PerennialError, ProviderError
from domain.feeds import Feed
from providers.feeds import FeedReader
from store import feeds
from store.db import Database

LOOK_S = 5.0
log = structlog.get_logger("activities.feeds")


@dataclass(frozen=True, slots=True)
class FeedWatch:
    """Reads whichever feed's time has come. The rows say whose turn it is, so that any number of workers may watch."""

    db: Database
    clock: Clock
    feeds: Sequence[Feed]
    reader: FeedReader

    async def run(self, stop: asyncio.Event) -> None:
        """Look every few seconds until told to stop."""
        while self.feeds and not stop.is_set():
            try:
                await self.turn()
            except PerennialError as error:
                log.warning("feeds_wait", code=error.code)
            try:
                await asyncio.wait_for(stop.wait(), LOOK_S)
            except TimeoutError:
                continue

    async def turn(self) -> int:
        """Read every feed whose time has come; how many entries were new."""
        return sum([await self._read(feed) for feed in self.feeds])

    async def _read(self, feed: Feed) -> int:
        async with self.db.transaction() as tx:
            row = await feeds.claim(tx, self.clock, feed)
        if row is None:
            return 0
        try:
            found = await self.reader.fetch(feed.url, row.etag, row.modified)
        except ProviderError as error:
            log.warning("feed_not_read", feed=feed.feed, code=error.code)
            async with self.db.transaction() as tx:
                await feeds.failed(tx, feed, error.code)
            return 0
        async with self.db.transaction() as tx:
            return await feeds.keep(tx, feed, found)
