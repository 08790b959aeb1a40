"""A launch's own two activities: its books are read and its assets asked for; and how they stand."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

from temporalio import activity

from activities.beating import beating
from domain import launching, names
from domain.catalogue import Product
from domain.errors import Invalid, PerennialError
from domain.marketing import Marketing
from domain.sources import Document
from providers.reading import read
from store import launches, sources, strategies
from store.db import Database
from workflows.brand_launch import LaunchInput, LaunchTurn

READERS = 2  # Each is a process of its own; more than the machine has cores would only take turns.


class LaunchActivities:
    """`folder` is the configuration's, below which the books stand."""

    def __init__(self, db: Database, marketing: Marketing, folder: Path) -> None:
        self._db = db
        self._marketing = marketing
        self._folder = folder

    @activity.defn(name=names.LAUNCH_PREPARE)
    async def prepare(self, given: LaunchInput) -> None:
        """Read every book and ask for all assets, in one transaction; a book that cannot be read refuses the launch."""
        async with self._db.transaction() as tx:
            row = await launches.get(tx, given.launch_id)
        if row.state != launches.PREPARING:
            return
        try:
            launching.check(self._marketing, row.brand)
            async with beating():
                kept = await self._keep(await self._read(), row.requested_by)
        except PerennialError as error:
            async with self._db.transaction() as tx:
                await launches.refused(tx, given.launch_id, str(error))
            return
        async with self._db.transaction() as tx:
            funnel = await strategies.chosen_funnel(tx) or launching.FUNNEL
            await launches.prepared(tx, given.launch_id, launching.plan(self._marketing, funnel), kept)

    @activity.defn(name=names.LAUNCH_LOOK)
    async def look(self, given: LaunchInput) -> LaunchTurn:
        """How it stands, and what waits to be written."""
        async with self._db.transaction() as tx:
            row, stand = await launches.look(tx, given.launch_id)
        return LaunchTurn(
            state=row.state,
            at_once=row.at_once,
            waiting=[one for one, how in stand.items() if how in {"waiting", "writing", "held"}],
            unsettled=sum(how not in launching.FINAL for how in stand.values()),
        )

    async def _read(self) -> dict[str, tuple[str, Document]]:
        """The books' files and texts, by product."""
        turns = asyncio.Semaphore(READERS)

        async def one(book: Product) -> tuple[str, tuple[str, Document]]:
            async with turns:
                file = self._file(book)
                document = await read(file, file.name)
                return book.key, (file.name, document)

        return dict(await asyncio.gather(*(one(book) for book in launching.books(self._marketing))))

    async def _keep(self, found: dict[str, tuple[str, Document]], by: str) -> dict[str, UUID]:
        async with self._db.transaction() as tx:
            return {key: (await sources.keep(tx, name, document, by))[0].id for key, (name, document) in found.items()}

    def _file(self, book: Product) -> Path:
        """The book's text, which must lie inside the configuration folder. Raises Invalid."""
        folder = self._folder.resolve()
        file = (folder / (book.source or "")).resolve()
        if not file.is_relative_to(folder) or not file.is_file():
            message = (
                f"The source of {book.key} is {book.source}, and there is no such file in the configuration folder."
            )
            raise Invalid(message, "source")
        return file
