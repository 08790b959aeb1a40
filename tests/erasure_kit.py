"""People who lived, and where their words still stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy import LargeBinary, text

from domain.erasure import DONE
from store.db import Database
from store.erased import Erasure
from store.erasures import Answer, finish, request
from store.ingest import after_calls
from store.tables import metadata
from tests.core_kit import World


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person with words that nobody else has."""

    mark: str = field(default_factory=lambda: uuid4().hex[:10])

    @property
    def email(self) -> str:
        return f"{self.mark}@example.com"

    @property
    def first_name(self) -> str:
        return f"Ada{self.mark}"

    @property
    def phone(self) -> str:
        return f"+49 30 {self.mark}"

    @property
    def user_id(self) -> str:
        return f"user-{self.mark}"


async def standing_in(db: Database, words: str) -> dict[str, int]:
    """How many rows of which tables hold these words, raw bodies too."""
    found = {}
    async with db.transaction() as tx:
        for name, table in metadata.tables.items():
            binary = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
            raw = [f"position(convert_to(:words, 'UTF8') IN t.{column}) > 0" for column in binary]
            where = " OR ".join(["strpos(lower(to_jsonb(t)::text), lower(:words)) > 0", *raw])
            query = text(f"SELECT count(*) FROM {name} t WHERE {where}")
            if count := (await tx.execute(query, {"words": words})).scalar_one():
                found[name] = int(count)
    return found


async def ask(world: World, contact_id: UUID, by: str = "test") -> Erasure:
    return await after_calls(world.db, lambda tx: request(tx, contact_id, by))


async def forget(world: World, contact_id: UUID, *answers: Answer) -> Erasure:
    """The whole of it, with workflows that end at once and vendors that delete unless told otherwise."""
    proof = await ask(world, contact_id)
    await world.route()
    async with world.db.transaction() as tx:
        return await finish(tx, proof.id, contact_id, list(answers) or [Answer("crm", DONE)])
