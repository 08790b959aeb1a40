"""A list as a file, whole and under the filter in force: read page by page, so that memory follows no list's length."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import anyio

from domain.clock import Clock
from domain.errors import NotFound
from domain.exporting import BOM, line_of
from store.access import record
from store.db import Database
from store.queries.listings import LISTINGS, Asked, Listing
from store.queries.pages import Page
from store.queries.people_lines import Column

ROWS = 250


def listing_of(name: str) -> Listing:
    """The list of that name. Raises NotFound."""
    if name not in LISTINGS:
        raise NotFound("There is no such list.")
    return LISTINGS[name]


async def export(db: Database, name: str, given: Mapping[str, str], clock: Clock, by: str) -> AsyncIterator[str]:
    """The file's text, piece by piece. `by` is who asked, for the audit log. Raises NotFound and Invalid at once.

    The log says who takes what before the first row leaves, and how many rows left once the last one has, or the
    connection was cut.
    """
    listing = listing_of(name)
    kept = {word: given[word] for word in listing.filters if given.get(word)}
    async with db.transaction() as tx:
        asked = Asked(tx, clock, kept, None, ROWS)
        columns = await listing.heads(asked)
        first = await listing.page(asked)
        record(tx, by, "list.export_begun", f"list:{name}", filter=kept)
    return _Export(db, name, kept, clock, by).pieces(columns, first)


class _Export:
    """One file that is being written."""

    def __init__(self, db: Database, name: str, kept: Mapping[str, str], clock: Clock, by: str) -> None:
        self._db, self._name, self._kept, self._clock, self._by = db, name, kept, clock, by
        self._rows, self._whole = 0, False

    async def pieces(self, columns: Sequence[Column], page: Page[Any]) -> AsyncIterator[str]:
        """The heading, and then a piece for each page."""
        try:
            yield BOM + line_of(name for name, _ in columns)
            while True:
                self._rows += len(page.items)
                yield "".join(line_of(read(row) for _, read in columns) for row in page.items)
                if page.next is None:
                    break
                page = await self._after(page.next)
            self._whole = True
        finally:
            # Whoever breaks off has the rows that they have got; that is written down whatever ends this.
            with anyio.CancelScope(shield=True):
                await self._told()

    async def _after(self, cursor: str) -> Page[Any]:
        async with self._db.transaction() as tx:
            return await LISTINGS[self._name].page(Asked(tx, self._clock, self._kept, cursor, ROWS))

    async def _told(self) -> None:
        said = {"filter": dict(self._kept), "rows": self._rows, "whole": self._whole}
        async with self._db.transaction() as tx:
            record(tx, self._by, "list.exported", f"list:{self._name}", **said)
