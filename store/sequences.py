"""Definitions as versioned rows: what is live, and what running journeys were started with."""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.sequences import Sequence
from store.inbox import lock
from store.journeys import SequenceRow, SequenceVersion

CONFIG = "config"
LIVE = "live"
RETIRED = "retired"
ADDED = frozenset({"product", "instead_of"})


def digest(sequence: Sequence) -> str:
    """SHA-256 over the definition's canonical JSON: the same definition is the same version.

    What was added to definitions later is left out where it is empty, so that older ones keep their digests.
    """
    said = sequence.model_dump(mode="json")
    said = {name: value for name, value in said.items() if value or name not in ADDED}
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


async def publish(tx: AsyncSession, sequences: list[Sequence]) -> list[str]:
    """Take over what the files of the configuration hold. Returns the keys of which another version is live now.

    The file is the master of a sequence for as long as what is live is what the file held when it was last looked at.
    Once somebody published another version by hand, that one stands: a file that changes afterwards becomes a version
    that waits to be published by hand too, and a file that does not change means nothing.
    """
    await lock(tx, "sequences")
    return [sequence.sequence for sequence in sequences if await _follow_file(tx, sequence)]


async def _follow_file(tx: AsyncSession, sequence: Sequence) -> bool:
    row = await locked_row(tx, sequence.sequence)
    version = await version_of(tx, sequence, CONFIG)
    if version == row.file_version:
        return False
    changed = row.live_version in {0, row.file_version}
    row.file_version = version
    if changed:
        row.live_version = version
    await tx.flush()
    return changed


async def locked_row(tx: AsyncSession, key: str) -> SequenceRow:
    """The sequence, locked until the end of the transaction; made where there was none, with nothing live."""
    row = insert(SequenceRow).values(key=key, live_version=0, state="live", file_version=0)
    await tx.execute(row.on_conflict_do_nothing(index_elements=[SequenceRow.key]))
    found = select(SequenceRow).where(SequenceRow.key == key).with_for_update()
    return (await tx.execute(found.execution_options(populate_existing=True))).scalar_one()


async def version_of(tx: AsyncSession, sequence: Sequence, author: str) -> int:
    """The number of this definition among its versions; a new one where there was none like it. Under `locked_row`."""
    key, mark = sequence.sequence, digest(sequence)
    known = select(SequenceVersion.version).where(SequenceVersion.key == key, SequenceVersion.digest == mark)
    version: int | None = (await tx.execute(known)).scalar_one_or_none()
    if version is not None:
        return version
    newest = select(func.coalesce(func.max(SequenceVersion.version), 0)).where(SequenceVersion.key == key)
    version = int((await tx.execute(newest)).scalar_one()) + 1
    definition = sequence.model_dump(mode="json")
    tx.add(SequenceVersion(key=key, version=version, digest=mark, definition=definition, created_by=author))
    await tx.flush()
    return version


async def version_digest(tx: AsyncSession, key: str, version: int) -> str | None:
    """The digest of that version, where there is one."""
    row = await tx.get(SequenceVersion, (key, version))
    return row.digest if row is not None else None


async def retire(tx: AsyncSession, keep: list[str]) -> list[str]:
    """Sequences of which a file is live and is gone from the configuration take nobody in; running ones go on.

    Returns the keys that were switched off; one that comes back is switched on again.
    """
    ours = SequenceRow.live_version == SequenceRow.file_version
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
        self._live_as: list[tuple[str, int]] = []

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
        """Every sequence that takes people in, with its live version.

        Asked once a transaction and never kept for longer: whoever comes after a publication gets what was published.
        """
        asked: list[tuple[Sequence, int]] | None = tx.info.get(self)
        if asked is not None:
            return asked
        found = [(row[0], row[1]) for row in (await tx.execute(_LIVE)).all()]
        if found != self._live_as:
            self._live = [(await self.of(tx, key, version), version) for key, version in found]
            self._live_as = found
        tx.info[self] = self._live
        return self._live


_LIVE = text("SELECT key, live_version FROM sequences WHERE state = 'live' AND live_version > 0 ORDER BY key")
