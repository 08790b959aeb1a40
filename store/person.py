"""Under what a person's rows are found: every id that was merged into theirs, and every address."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, Text, TextClause, Uuid, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from store.contacts import Contact, Identity

# The parameters of store/personal.py.
Given = dict[str, list[Any]]

_IDS = text(
    "WITH RECURSIVE same AS (SELECT id FROM contacts WHERE id = :id"
    " UNION SELECT c.id FROM contacts c JOIN same ON c.merged_into = same.id) SELECT id FROM same"
)


async def names_of(tx: AsyncSession, person: Contact) -> Given:
    """The ids and addresses of a living contact, as the conditions of store/personal.py take them."""
    ids = list((await tx.execute(_IDS, {"id": person.id})).scalars())
    known = select(Identity.value).where(Identity.kind == "email", col(Identity.contact_id).in_(ids))
    emails = {*(await tx.execute(known)).scalars(), *([person.email] if person.email else [])}
    return {"ids": ids, "id_texts": [str(one) for one in ids], "emails": sorted(emails)}


def bound(statement: str, given: Given) -> TextClause:
    """A statement of ours with those of the parameters that it uses."""
    query = text(statement)
    used = query.compile().params
    return query.bindparams(
        *(
            bindparam(name, values, type_=ARRAY(Uuid() if name == "ids" else Text()))
            for name, values in given.items()
            if name in used
        )
    )
