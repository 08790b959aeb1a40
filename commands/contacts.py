"""`perennial contacts`: people taken in from a file, by the dashboard's own way, and given out as one."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TextIO, TypeVar
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from commands.installation import with_database
from domain.errors import Conflict, Invalid
from domain.importing import FIELDS, IGNORE
from store import imports
from store.access import OPERATOR, instance_clock
from store.db import Database
from store.exports import export
from store.queries.imports import ImportView, import_view

PIECE_BYTES = 4 * 1024 * 1024
LOOK_S = 0.2
# A worker does what was asked; where nothing moves for so long, there may be none.
PATIENCE_S = 15.0
LABELS = {"checking": "Reading", "running": "Importing", "undoing": "Taking it back"}
T = TypeVar("T")
contacts = typer.Typer(help="People, from and to files.", no_args_is_help=True)


@contacts.command("import")
def take_in(
    file: Annotated[Path, typer.Argument(help="a CSV file whose first line names its columns")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would happen")] = False,
    columns: Annotated[
        list[str] | None, typer.Option("--map", help=f"column=field: {', '.join(FIELDS)}, attribute:name, or nothing")
    ] = None,
    start_journeys: Annotated[bool, typer.Option("--start-journeys", help="sequences may begin by it")] = False,
    tags: Annotated[list[str] | None, typer.Option("--tag", help="a tag for all of them")] = None,
    consent: Annotated[str, typer.Option(help="what they agreed to, in the words that they saw")] = "",
    errors: Annotated[Path | None, typer.Option(help="where the wrong rows go; FILE.errors.csv where left out")] = None,
    resume: Annotated[UUID | None, typer.Option(help="go on with this import of the same FILE")] = None,
) -> None:
    """Import people from FILE, or see what that would do. Ctrl-C ends the watching, and --resume goes on."""
    wanted = dict(_pair(text) for text in columns or [])
    rest = errors or file.with_name(f"{file.name}.errors.csv")

    async def work(db: Database) -> ImportView:
        import_id = resume or await _begun(db, file)
        row = await _checked(db, import_id, file, wanted)
        _say_what_would_happen(row)
        if row.wrong:
            await _write(db, rest, "import-errors", {"import": str(import_id)})
            print(f"The {row.wrong:,} rows that are wrong, each with its problem: {rest}")
        if dry_run or row.state == "done":
            return row
        if row.state != "running":
            await _in(db, lambda tx: _start(tx, import_id, start_journeys, tags or [], consent))
        return await _watched(db, import_id)

    row = with_database(work)
    if row.state == "done":
        print(f"{row.added:,} people are new, {row.changed:,} were known and are changed.")
    elif not dry_run:
        raise Conflict(f"The import is {row.state} after {row.done:,} rows. Go on with --resume {row.id}.")


@contacts.command("export")
def give_out(
    segment: Annotated[str, typer.Option(help="the key of a segment; everybody where left out")] = "",
    out: Annotated[Path | None, typer.Option(help="a file; the terminal where left out")] = None,
) -> None:
    """Write people as CSV, in the columns that an import understands. The audit log keeps that it was done."""
    name, given = ("segment-people", {"segment": segment}) if segment else ("contacts", {})
    with_database(lambda db: _write(db, out, name, given))


def _pair(text: str) -> tuple[str, str]:
    """A column's name and what it is."""
    column, sign, field = text.partition("=")
    if not sign or not column.strip():
        raise Invalid(f"Write --map as column=field, not {text!r}.", "map")
    return column.strip().lower(), field.strip() or IGNORE


async def _begun(db: Database, file: Path) -> UUID:
    row = await _in(db, lambda tx: imports.begin(tx, file.name, OPERATOR))
    print(f"Import {row.id}. If this is broken off, go on with --resume {row.id}.")
    return row.id


async def _checked(db: Database, import_id: UUID, file: Path, wanted: dict[str, str]) -> ImportView:
    """The import after its dry run, with the columns as they were asked for. Raises Invalid."""
    row = await _looked(db, import_id)
    if row.state == "uploading":
        await _send(db, import_id, file)
        await _in(db, lambda tx: imports.check(tx, import_id, OPERATOR))
    row = await _watched(db, import_id)
    if wanted and row.header and row.state in imports.CHECKABLE:
        columns = _matched(row, wanted)
        if columns != row.columns or row.state == "refused":
            await _in(db, lambda tx: imports.check(tx, import_id, OPERATOR, columns))
            row = await _watched(db, import_id)
    if row.state == "refused":
        raise Invalid(row.reason, "file")
    return row


async def _send(db: Database, import_id: UUID, file: Path) -> None:
    """The file in pieces; those that arrived before are passed over."""
    content = await asyncio.to_thread(_content, file)
    with typer.progressbar(range(0, len(content), PIECE_BYTES), label="Sending") as starts:
        for no, start in enumerate(starts):
            await _received(db, import_id, no, content[start : start + PIECE_BYTES])


def _content(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Invalid(f"{file} cannot be read ({error.__class__.__name__}).", "file") from None
    if not content:
        raise Invalid(f"{file} is empty.", "file")
    return content


async def _received(db: Database, import_id: UUID, no: int, piece: bytes) -> None:
    await _in(db, lambda tx: imports.receive(tx, import_id, no, piece))


def _matched(row: ImportView, wanted: dict[str, str]) -> list[str]:
    """The columns, with those that were named as they were named. Raises Invalid for a name that is not there."""
    names = [name.lower() for name in row.header]
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        raise Invalid(f"The file has no column {unknown[0]!r}; it has {', '.join(row.header)}.", "map")
    taken = set(wanted.values())
    kept = [IGNORE if field in taken else field for field in row.columns]
    return [wanted.get(name, field) for name, field in zip(names, kept, strict=True)]


async def _start(tx: AsyncSession, import_id: UUID, enrol: bool, tags: list[str], consent: str) -> None:
    await imports.start(tx, import_id, OPERATOR, enrol=enrol, tags=tags, consent_wording=consent)


async def _watched(db: Database, import_id: UUID) -> ImportView:
    """Wait until a worker is done with what was asked, and show how far it is."""
    row, moved_s, hinted = await _looked(db, import_id), time.monotonic(), False
    total = max(row.right, 1)
    with typer.progressbar(length=total, label=LABELS.get(row.state, "Done")) as bar:
        bar.update(row.done)
        while row.at_work:
            await asyncio.sleep(LOOK_S)
            seen, row = row, await _looked(db, import_id)
            bar.length = total = max(row.right, 1)
            bar.update(row.done - seen.done)
            if row != seen:
                moved_s = time.monotonic()
            elif not hinted and time.monotonic() - moved_s > PATIENCE_S:
                hinted = True
                print("\nNothing moves yet; it goes on as soon as a worker runs.", file=sys.stderr)
        bar.update(total - bar.pos)
    return row


def _say_what_would_happen(row: ImportView) -> None:
    for name, field in zip(row.header, row.columns, strict=True):
        print(f"  {name or 'a column without a name'} → {FIELDS.get(field, field) or 'left out'}")
    new = row.right - row.known
    print(f"{row.total:,} rows: {new:,} people who are new, {row.known:,} who are known, {row.wrong:,} wrong.")


async def _write(db: Database, out: Path | None, name: str, given: dict[str, str]) -> None:
    """A list into a file that nobody else may read, whole or not at all, or onto the terminal."""
    async with db.transaction() as tx:
        clock = await instance_clock(tx)
    pieces = await export(db, name, given, clock, OPERATOR)
    if out is None:
        async for piece in pieces:
            sys.stdout.write(piece)
        return
    half = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with _for_us_alone(half) as file:
            async for piece in pieces:
                file.write(piece)
        half.replace(out)
    except OSError as error:
        raise Invalid(f"{out} cannot be written ({error.__class__.__name__}).", "out") from None
    finally:
        half.unlink(missing_ok=True)


def _for_us_alone(path: Path) -> TextIO:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(handle, "w", encoding="utf-8", newline="")


async def _looked(db: Database, import_id: UUID) -> ImportView:
    return await _in(db, lambda tx: import_view(tx, import_id))


async def _in(db: Database, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async with db.transaction() as tx:
        return await work(tx)
