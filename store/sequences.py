"""Definitions as versioned rows: what is live, and what running journeys were started with."""

from __future__ import annotations

import hashlib
import json
import time

from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.sequences import Sequence
from store.inbox import lock
from store.journeys import SequenceRow, SequenceVersion

CONFIG = "config"
RETIRED = "retired"
# For so long after a publication may a worker still enrol into the version before.
LIVE_FOR_S = 1.0


def digest(sequence: Sequence) -> str:
    """SHA-256 over the definition's canonical JSON: the same definition is the same version."""
    text = json.dumps(sequence.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


async def publish(tx: AsyncSession, sequences: list[Sequence], author: str = CONFIG) -> list[str]:
    """Make these definitions live; a changed one becomes a new version. Returns the keys that changed."""
    await lock(tx, "sequences")
    return [sequence.sequence for sequence in sequences if await _publish(tx, sequence, author)]


async def _publish(tx: AsyncSession, sequence: Sequence, author: str) -> bool:
    key, mark = sequence.sequence, digest(sequence)
    row = insert(SequenceRow).values(key=key, live_version=0, state="live")
    await tx.execute(row.on_conflict_do_nothing(index_elements=[SequenceRow.key]))
    known = select(SequenceVersion.version).where(SequenceVersion.key == key, SequenceVersion.digest == mark)
    version = (await tx.execute(known)).scalar_one_or_none()
    if version is None:
        newest = select(func.coalesce(func.max(SequenceVersion.version), 0)).where(SequenceVersion.key == key)
        version = (await tx.execute(newest)).scalar_one() + 1
        definition = sequence.model_dump(mode="json")
        tx.add(SequenceVersion(key=key, version=version, digest=mark, definition=definition, created_by=author))
        await tx.flush()
    changed = update(SequenceRow).where(SequenceRow.key == key, SequenceRow.live_version != version)
    result = await tx.execute(changed.values(live_version=version).returning(SequenceRow.key))
    return result.scalar_one_or_none() is not None


async def retire(tx: AsyncSession, keep: list[str]) -> list[str]:
    """Sequences that came from a configuration folder and stand in it no more take nobody in; running ones go on.

    Returns the keys that were switched off; one that comes back is switched on again.
    """
    ours = exists().where(
        SequenceVersion.key == SequenceRow.key,
        SequenceVersion.version == SequenceRow.live_version,
        SequenceVersion.created_by == CONFIG,
    )
    gone = update(SequenceRow).where(SequenceRow.state == "live", SequenceRow.key.not_in(keep), ours)
    retired = (await tx.execute(gone.values(state=RETIRED).returning(SequenceRow.key))).scalars().all()
    back = update(SequenceRow).where(SequenceRow.state == RETIRED, SequenceRow.key.in_(keep))
    await tx.execute(back.values(state="live"))
    return list(retired)


class Definitions:
    """Definitions by key and version, read once each: versions never change."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, int], Sequence] = {}
        self._live: list[tuple[Sequence, int]] = []
        self._live_until_s = 0.0

    async def of(self, tx: AsyncSession, key: str, version: int) -> Sequence:
        """The definition of that version. Raises LookupError."""
        if (key, version) not in self._versions:
            row = await tx.get(SequenceVersion, (key, version))
            if row is None:
                message = f"sequence {key} has no version {version}"
                raise LookupError(message)
            self._versions[key, version] = Sequence.model_validate(row.definition)
        return self._versions[key, version]

    def known(self, key: str, version: int) -> Sequence:
        """A version that was read before. Raises KeyError."""
        return self._versions[key, version]

    async def live(self, tx: AsyncSession) -> list[tuple[Sequence, int]]:
        """Every sequence that takes people in, with its live version; looked up once a second."""
        if time.monotonic() >= self._live_until_s:
            rows = (await tx.execute(select(SequenceRow).where(SequenceRow.state == "live"))).scalars().all()
            self._live = [(await self.of(tx, row.key, row.live_version), row.live_version) for row in rows]
            self._live_until_s = time.monotonic() + LIVE_FOR_S
        return self._live
