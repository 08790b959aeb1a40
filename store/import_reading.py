"""Reading an import's file into rows, and the dry run over them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import Invalid
from domain.exporting import plain_cell
from domain.importing import WrongRow, check_columns, guess, read_row
from store import uploads
from store.db import Database
from store.imports import MAX_ROWS, Import, ImportRow, locked

BATCH = 1_000


async def read_file(db: Database, import_id: UUID) -> None:
    """Turn the file into rows, once. Raises Invalid where it cannot be read."""
    async with db.transaction() as tx:
        row = await locked(tx, import_id)
        if row.header:
            return
        content = b"".join([piece async for piece in uploads.pieces(tx, import_id)])
        lines = csv.reader(io.StringIO(_decoded(content), newline=""), delimiter=_delimiter(content), strict=True)
        header = [plain_cell(name).strip() for name in _next(lines)]
        row.columns, row.header = guess(header), header
        row.total = await _store(tx, import_id, lines)
        await uploads.forget(tx, import_id)


def _decoded(content: bytes) -> str:
    if not content.strip():
        raise Invalid("The file is empty.", "file")
    if content[:4] in {b"PK\x03\x04", b"\xd0\xcf\x11\xe0"}:
        raise Invalid("This is a workbook. Save it as CSV first: File, Save as, CSV UTF-8.", "file")
    wide = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            text_ = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text_:
            return text_
    raise Invalid("This is not a text file. Save the list as CSV in UTF-8.", "file")


def _delimiter(content: bytes) -> str:
    """The separator that the first line has most of."""
    first = content[:65_536].replace(b"\x00", b"").splitlines()[0]
    return max((",", ";", "\t", "|"), key=lambda sign: first.count(sign.encode()))


def _next(lines: Iterator[list[str]]) -> list[str]:
    try:
        return next(line for line in lines if any(cell.strip() for cell in line))
    except StopIteration:
        raise Invalid("The file is empty.", "file") from None
    except csv.Error as error:
        raise _unreadable(1, error) from None


def _unreadable(line: int, error: csv.Error) -> Invalid:
    message = f"The file cannot be read near line {line}: {error}. Is a quotation mark missing?"
    return Invalid(message, "file")


async def _store(tx: AsyncSession, import_id: UUID, lines: Iterator[list[str]]) -> int:
    total, rows = 0, _rows(import_id, lines)
    while batch := list(islice(rows, BATCH)):
        total += len(batch)
        if total > MAX_ROWS:
            message = f"The file has more than {MAX_ROWS:,} rows. Split it and import the parts."
            raise Invalid(message, "file")
        await tx.execute(insert(ImportRow.__table__), batch)
    if total == 0:
        raise Invalid("The file names columns and has no rows.", "file")
    return total


def _rows(import_id: UUID, lines: Iterator[list[str]]) -> Iterator[dict[str, object]]:
    """Rows with the number of the line that they end on; lines without any cell are no rows."""
    reader = lines
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _unreadable(_line(reader), error) from None
        if any(cell.strip() for cell in cells):
            clean = [plain_cell(cell.replace("\x00", "")) for cell in cells]
            yield {"import_id": import_id, "line": _line(reader), "cells": clean, "state": "waiting", "reason": ""}


def _line(reader: object) -> int:
    number: int = getattr(reader, "line_num", 0)
    return number


async def dry_run(db: Database, import_id: UUID, after: int) -> int | None:
    """Look at the next thousand rows after a line; the last line looked at, or None where there are no more.

    Writes what is wrong with which row. Changes no contact. Raises Invalid where the columns cannot be used.
    """
    async with db.transaction() as tx:
        row = await locked(tx, import_id)
        check_columns(row.columns, len(row.header))
        found = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.line > after)
        lines = (await tx.execute(found.order_by(ImportRow.line).limit(BATCH))).scalars().all()
        if not lines:
            return None
        for line in lines:
            _judge(row, line)
        return lines[-1].line


def _judge(row: Import, line: ImportRow) -> None:
    try:
        read_row(row.columns, line.cells)
    except WrongRow as wrong:
        line.state, line.reason = "wrong", str(wrong)
    else:
        line.state, line.reason = "waiting", ""


_DOUBLES = text(
    """
    WITH placed AS (
        SELECT line, min(line) OVER (PARTITION BY lower(trim(cells ->> :place))) AS first
        FROM import_rows WHERE import_id = :id AND state = 'waiting'
    )
    UPDATE import_rows rows
    SET state = 'wrong', reason = 'This address stands in line ' || placed.first || ' already.'
    FROM placed WHERE rows.import_id = :id AND rows.line = placed.line AND placed.first < placed.line
    """
)
_COUNTS = text(
    """
    SELECT count(*) FILTER (WHERE state = 'wrong'), count(*) FILTER (WHERE state = 'waiting' AND EXISTS (
        SELECT FROM identities WHERE kind = 'email' AND value = lower(trim(cells ->> :place))
    )) FROM import_rows WHERE import_id = :id
    """
)


async def sum_up(tx: AsyncSession, import_id: UUID) -> None:
    """What the dry run found: how many rows are wrong, and how many people are known already.

    A line whose address stood above already is wrong: which of the two holds is not for us to guess.
    """
    row = await locked(tx, import_id)
    given = {"id": import_id, "place": row.columns.index("email")}
    await tx.execute(_DOUBLES, given)
    row.wrong, row.known = (await tx.execute(_COUNTS, given)).one()
