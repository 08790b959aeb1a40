"""A hundred thousand people and what they did, made in a few statements."""

from __future__ import annotations

from sqlalchemy import text

from bench.ground import Ground

PEOPLE = """
INSERT INTO contacts (
    id, email, first_name, company, tags, audience, form_source, attributes, timezone, language, created_at
)
SELECT gen_random_uuid(), CAST(:tag AS text) || '-' || n || '@people.example',
    (ARRAY['Ada', 'Grace', 'Edsger', 'Barbara', 'Niklaus'])[n % 5 + 1], 'Company ' || n % 1000,
    CASE n % 4 WHEN 0 THEN ARRAY['lead', CAST(:tag AS text)] ELSE ARRAY['newsletter', CAST(:tag AS text)] END, '', '',
    jsonb_build_object('plan', (ARRAY['free', 'team', 'pro'])[n % 3 + 1], 'seats', n % 50), 'UTC', 'en',
    now() - interval '1 day' * (n % 700)
FROM generate_series(1, :count) AS n
"""
EVENTS = """
INSERT INTO events (
    id, key, type, source, contact_id, occurred_at, received_at, payload, raw, client_side, state, attempts, duplicates
)
SELECT gen_random_uuid(), 'contact:' || id, (ARRAY['feature_usage', 'signup', 'page_visited'])[g % 3 + 1], 'bench', id,
    now() - interval '1 hour' * (abs(hashtext(id::text || g::text)) % 2400), now(), '{}', '', false, 'routed', 0, 0
FROM contacts, generate_series(1, :each) AS g
"""


async def settle(found: Ground, count: int, tag: str) -> None:
    """So many people with this tag, and the planner's statistics of them."""
    async with found.db.transaction() as tx:
        await tx.execute(text("SET LOCAL statement_timeout = 0"))
        await tx.execute(text(PEOPLE), {"count": count, "tag": tag})
    await analyze(found)


async def act(found: Ground, each: int) -> None:
    """So many events of each person, spread over a hundred days."""
    async with found.db.transaction() as tx:
        await tx.execute(text("SET LOCAL statement_timeout = 0"))
        await tx.execute(text(EVENTS), {"each": each})
    await analyze(found)


async def analyze(found: Ground) -> None:
    """As autovacuum would have done by then."""
    async with found.db.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text("ANALYZE"))
