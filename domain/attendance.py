"""A list of who came to a webinar, as webinar tools export it: a column of addresses, perhaps one of yes and no."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import Final

from domain.errors import Invalid
from domain.identity import normal_email

MAX_ROWS: Final = 20_000
HEAD: Final = 30  # lines in which the names of the columns are looked for
_ADDRESS: Final = frozenset({"email", "emailaddress", "mail", "attendeeemail", "registrantemail"})
_CAME: Final = frozenset({"attended", "attendance", "came", "joined", "present"})
_NO: Final = frozenset({"no", "n", "false", "0", "did not attend", "absent", "missed", ""})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with which line."""

    line: int
    address: str
    reason: str


@dataclass(slots=True)
class Listed:
    """Addresses of who came, by the line in which each stands first, and what is wrong."""

    came: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read(content: bytes) -> Listed:
    """Raises Invalid where the file as a whole cannot be used."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("This is not UTF-8 text. Save the list as CSV (UTF-8) and upload it again.", "file") from None
    named = next((line for line in text.splitlines()[:HEAD] if "mail" in line.lower()), "")
    delimiter = max(",;\t", key=named.count)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    start, address, came = _header(lines)
    if len(lines) - start > MAX_ROWS:
        message = f"A list has {MAX_ROWS} rows at most; upload it in parts."
        raise Invalid(message, "file")
    found = Listed()
    for number, cells in enumerate(lines[start:], start + 1):
        if any(cell.strip() for cell in cells):
            _take(found, number, cells, address, came)
    return found


def _header(lines: list[list[str]]) -> tuple[int, int, int | None]:
    """The first row of people, and the columns of address and yes or no. Exports begin with lines of other things."""
    for number, cells in enumerate(lines[:HEAD]):
        names = [re.sub(r"[^a-z]", "", cell.lower()) for cell in cells]
        address = next((place for place, name in enumerate(names) if name in _ADDRESS), None)
        if address is not None:
            return number + 1, address, next((place for place, name in enumerate(names) if name in _CAME), None)
    raise Invalid("There is no column called Email. Its first line has to name the columns.", "file")


def _take(found: Listed, line: int, cells: list[str], address: int, came: int | None) -> None:
    written = cells[address].strip() if address < len(cells) else ""
    if came is not None and (cells[came].strip().lower() if came < len(cells) else "") in _NO:
        return
    try:
        email = normal_email(written)
    except Invalid as error:
        found.faults.append(Fault(line, written[:100], str(error)))
        return
    found.came.setdefault(email, line)
