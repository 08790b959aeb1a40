"""Deleting and emptying a person's rows, table by table, as store/personal.py says."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, Column, LargeBinary, String, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import AutoString, col

from store.erased import sender_digest
from store.events import Event
from store.person import Given, bound
from store.personal import HELD
from store.tables import metadata

# Lines of many large imports are looked through.
PATIENCE = "10min"


async def erase_rows(tx: AsyncSession, given: Given) -> dict[str, int]:
    """How many rows of each table were deleted or emptied. Those of many people are left as they are."""
    await _hide_senders(tx, given)
    await tx.execute(text(f"SET LOCAL statement_timeout = '{PATIENCE}'"))
    counts = {}
    for name in HELD:
        if rule := statement(name):
            counts[name] = (await tx.execute(bound(rule, given))).rowcount
    return {name: count for name, count in counts.items() if count}


async def _hide_senders(tx: AsyncSession, given: Given) -> None:
    """A sender's id of an event may be made of a name; as a digest it still recognises a repeat."""
    mine = (
        f"SELECT t.id, t.source, t.sender_id FROM events t WHERE t.sender_id IS NOT NULL AND ({HELD['events'].where})"  # noqa: S608
    )
    rows = (await tx.execute(bound(mine, given))).all()
    for row in rows:
        hidden = sender_digest(tx, row.source, row.sender_id)
        await tx.execute(update(Event).where(col(Event.id) == row.id).values(sender_id=hidden))


def statement(name: str) -> str:
    """What an erasure does to a table, by its rule; empty where nothing.

    Raises LookupError for a column that the rule forgot and that cannot be empty.
    """
    held = HELD[name]
    which = f"({held.where}) AND ({held.only})"
    if not held.keeps:
        return f"DELETE FROM {name} t WHERE {which}"  # noqa: S608 - constants of ours
    keeps = held.keeps.split()
    becomes = {
        column.name: held.becomes.get(column.name) or _empty(column)
        for column in metadata.tables[name].columns
        if column.name not in keeps
    }
    if not becomes:
        return ""
    sets = ", ".join(f"{column} = {value}" for column, value in becomes.items())
    return f"UPDATE {name} t SET {sets} WHERE {which}"  # noqa: S608 - constants of ours


def _empty(column: Column[Any]) -> str:
    """Nothing, as the column writes it."""
    if column.nullable:
        return "NULL"
    if isinstance(column.type, JSONB):
        default = column.server_default.arg if column.server_default is not None else "{}"
        return f"'{default}'"
    if isinstance(column.type, ARRAY):
        return "'{}'"
    if isinstance(column.type, (String, AutoString)):
        return "''"
    if isinstance(column.type, LargeBinary):
        return "''::bytea"
    message = f"An erasure has to say what becomes of {column}."
    raise LookupError(message)
