"""No table is forgotten when a person asks what is held about them."""

from __future__ import annotations

from sqlalchemy import text

from store.db import Database
from store.personal import HELD, NONE
from store.tables import metadata

# What a column is called that leads to a person.
TELLING = {"contact_id", "email", "recipient"}


def test_every_table_is_listed_once_with_its_people_or_with_why_it_has_none() -> None:
    listed = [*HELD, *NONE]
    assert sorted(listed) == sorted(metadata.tables)
    assert all(NONE.values())


def test_no_table_that_leads_to_a_contact_is_declared_free_of_them() -> None:
    free = {name for name in NONE if TELLING & {column.name for column in metadata.tables[name].columns}}
    # The addresses of the team's own accounts.
    assert free == {"users"}


async def test_the_database_has_no_table_that_the_list_does_not_know(db: Database) -> None:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    async with db.transaction() as tx:
        assert set((await tx.execute(text(query))).scalars()) == {*HELD, *NONE}
