"""`rehearsal.play`: a rehearsal in a process of its own, whose time is not ours."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from temporalio import activity

from domain import names
from domain.rehearsals import Rehearsed
from settings import SOURCE, Settings
from store import rehearsals
from store.db import Database
from store.rehearsals import Rehearsal
from workflows.rehearsal import RehearsalInput, RehearsalResult

LIMIT_S = 180.0
BEAT_S = 3.0
PROGRAM = ("-m", "rehearsal")
TOO_LONG = "It took more than three minutes and was given up."
BROKE_OFF = "It broke off; the worker's log says why."


class RehearsalActivities:
    """One rehearsal at a time in this process: each needs about a processor for some seconds."""

    def __init__(
        self, db: Database, settings: Settings, program: Sequence[str] = PROGRAM, limit_s: float = LIMIT_S
    ) -> None:
        self._db, self._settings, self._program, self._limit_s = db, settings, program, limit_s
        self._one = asyncio.Lock()

    @activity.defn(name=names.REHEARSE)
    async def play(self, request: RehearsalInput) -> RehearsalResult:
        """Play it and keep its calendar, or why there is none."""
        waiting = asyncio.create_task(self._one.acquire())
        while not (await asyncio.wait({waiting}, timeout=BEAT_S))[0]:
            activity.heartbeat()
        try:
            return await self._play(request)
        finally:
            self._one.release()

    async def _play(self, request: RehearsalInput) -> RehearsalResult:
        async with self._db.transaction() as tx:
            row = await rehearsals.begin(tx, request.rehearsal_id)
        if row is None:
            return RehearsalResult(state="gone")
        result, reason = await self._in_its_process(row)
        async with self._db.transaction() as tx:
            await rehearsals.finish(tx, row.id, result, reason)
        return RehearsalResult(state="done" if result else "failed")

    async def _in_its_process(self, row: Rehearsal) -> tuple[Rehearsed | None, str]:
        """The calendar, or the sentence that says why there is none."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, *self._program, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=SOURCE, env=self._environment()
        )
        given = json.dumps({"definition": row.definition, "given": row.given}).encode()
        try:
            out, errors = await self._answer(process, given)
        except TimeoutError:
            return None, TOO_LONG
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        try:
            return Rehearsed.model_validate_json(out.splitlines()[-1]), ""
        except (ValidationError, IndexError):
            said = errors.decode(errors="replace").strip().splitlines()
            # A sentence of our own is marked as such; whatever else it said may hold anything.
            ours = [line.removeprefix(MARK) for line in said if line.startswith(MARK)]
            return None, ours[-1] if ours else BROKE_OFF

    async def _answer(self, process: Process, given: bytes) -> tuple[bytes, bytes]:
        answer = asyncio.create_task(process.communicate(given))
        until = time.monotonic() + self._limit_s
        try:
            while not (await asyncio.wait({answer}, timeout=BEAT_S))[0]:
                activity.heartbeat()
                if time.monotonic() > until:
                    raise TimeoutError
            return answer.result()
        finally:
            answer.cancel()

    def _environment(self) -> Mapping[str, str]:
        own = {"DATABASE_URL": self._settings.database, "PERENNIAL_CONFIG_DIR": str(self._settings.config_dir)}
        return {**os.environ, **own}


# What a rehearsal's process says to people begins with this.
MARK = "rehearsal: "
