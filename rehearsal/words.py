"""The words of a rehearsal: the configuration folder, with the mails that were approved beside its own."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text

from domain.sequences import Sequence
from providers.rendering.written import sources_of
from store.changes import definition_of
from store.db import Database
from store.journeys import SequenceRow
from store.written_mails import WrittenMail, WrittenMails

_TABLES = text("SELECT to_regclass('publications') IS NOT NULL AND to_regclass('sequences') IS NOT NULL")


async def approved(url: str, key: str = "") -> tuple[Mapping[str, WrittenMail], Sequence | None]:
    """The mails that are live in that database, by their names, and the live definition of `key`, where it has one."""
    db = Database(url, pool_size=1)
    try:
        async with db.transaction() as tx:
            if not (await tx.execute(_TABLES)).scalar_one():
                return {}, None
            row = await tx.get(SequenceRow, key)
            live = await definition_of(tx, key, row.live_version) if row and row.live_version else None
            return dict(await WrittenMails().all(tx)), live
    finally:
        await db.aclose()


@asynccontextmanager
async def approved_beside(folder: Path, url: str) -> AsyncIterator[Path]:
    """A folder like that one, in which the approved mails stand as files: a rehearsal's rows know nothing of ours."""
    mails, _ = await approved(url)
    if not mails:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="perennial-words-") as made:
        await asyncio.to_thread(_fill, Path(made), folder, mails)
        yield Path(made)


def _fill(place: Path, folder: Path, mails: Mapping[str, WrittenMail]) -> None:
    """What the folder holds, and these."""
    (place / "emails").mkdir()
    for entry in (*folder.iterdir(), *(folder / "emails").iterdir()):
        if entry.name != "emails":
            (place / entry.relative_to(folder)).symlink_to(entry.resolve())
    for mail in mails.values():
        _write(place / "emails", mail)


def _write(emails: Path, mail: WrittenMail) -> None:
    """Its templates as files, unless the folder has a mail of that name."""
    if (emails / mail.name).exists():
        return
    (emails / mail.name).mkdir()
    made = sources_of(mail.name, mail.words, mail.why)
    for part in (made.subject, made.preheader, made.body, made.why):
        if part is not None:
            (emails / part.name).write_text(part.text, encoding="utf-8")
