"""Rows as a file that a spreadsheet opens without running anything in it, and that an import reads back as it was."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

# By this mark Excel knows a file for UTF-8; an import passes over it.
BOM: Final = "\ufeff"
# OWASP, "CSV Injection": a cell that begins with one of these is a formula to Excel, LibreOffice or Sheets; the last
# four are their full-width twins, which Excel takes for the same in East Asian settings. Apostrophes before them
# count with them, so that every text has exactly one way to be written.
_FORMULA: Final = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def line_of(cells: Iterable[object]) -> str:
    """One line of CSV in which no cell is a formula."""
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()


def safe_cell(value: object) -> str:
    """A value as a cell: texts that would be formulas get an apostrophe, as spreadsheets themselves write it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) else value
    return str(value)


def plain_cell(cell: str) -> str:
    """The text that `safe_cell` made this cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
