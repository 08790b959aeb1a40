"""Imports of contacts, a slice of some seconds at a time."""

from __future__ import annotations

import time

from temporalio import activity

from domain import names
from domain.errors import Invalid
from domain.marketing import Marketing
from store.db import Database
from store.import_batch import run_batch
from store.import_reading import dry_run, read_file, sum_up
from store.import_undo import undo_batch
from store.imports import finish, refuse
from workflows.contact_import import SliceRequest, SliceResult

SLICE_S = 20.0


class ImportActivities:
    """Reads, imports and takes back; each batch is a transaction of its own."""

    def __init__(self, db: Database, marketing: Marketing) -> None:
        self._db, self._marketing = db, marketing

    @activity.defn(name=names.IMPORT)
    async def carry(self, request: SliceRequest) -> SliceResult:
        """Work for some seconds. A heartbeat after each batch tells a dead worker from a slow one."""
        if request.task == "check":
            return await self._checked(request)
        more = True
        until = time.monotonic() + SLICE_S
        while more and time.monotonic() < until:
            more = await self._batch(request)
            activity.heartbeat()
        if more:
            return SliceResult(after=request.after)
        expected, state = ("running", "done") if request.task == "run" else ("undoing", "undone")
        async with self._db.transaction() as tx:
            await finish(tx, request.import_id, expected, state)
        return SliceResult(after=None)

    async def _batch(self, request: SliceRequest) -> bool:
        if request.task == "run":
            return await run_batch(self._db, self._marketing, request.import_id)
        return await undo_batch(self._db, request.import_id)

    async def _checked(self, request: SliceRequest) -> SliceResult:
        """The dry run, or why there can be none."""
        try:
            return await self._check(request)
        except Invalid as error:
            async with self._db.transaction() as tx:
                await refuse(tx, request.import_id, str(error))
            return SliceResult(after=None)

    async def _check(self, request: SliceRequest) -> SliceResult:
        """The file's rows, what is wrong with them, and then those that stand there twice."""
        await read_file(self._db, request.import_id)
        after: int | None = request.after
        until = time.monotonic() + SLICE_S
        while after is not None and time.monotonic() < until:
            activity.heartbeat()
            after = await dry_run(self._db, request.import_id, after)
        if after is None:
            async with self._db.transaction() as tx:
                await sum_up(tx, request.import_id)
                await finish(tx, request.import_id, "checking", "checked")
        return SliceResult(after=after)
