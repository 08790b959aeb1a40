"""The counters that always add up, because one statement reads them from one snapshot."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_SQL = text("""
SELECT e.stored + e.deduplicated AS received, e.routed, e.deduplicated, e.rejected, e.waiting,
       m.claimed, m.calling, m.sent, m.failed, m.unknown, s.skipped
FROM (
    SELECT count(*) AS stored,
           coalesce(sum(duplicates), 0)::bigint AS deduplicated,
           count(*) FILTER (WHERE state = 'routed') AS routed,
           count(*) FILTER (WHERE state = 'rejected') AS rejected,
           count(*) FILTER (WHERE state = 'waiting') AS waiting
    FROM events
) e, (
    SELECT count(*) FILTER (WHERE state = 'claimed') AS claimed,
           count(*) FILTER (WHERE state = 'calling') AS calling,
           count(*) FILTER (WHERE state = 'sent') AS sent,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           count(*) FILTER (WHERE state = 'unknown') AS unknown
    FROM messages
) m, (
    SELECT coalesce(jsonb_object_agg(reason, n), '{}') AS skipped
    FROM (
        SELECT coalesce(reason, '') AS reason, count(*) AS n FROM messages WHERE state = 'skipped' GROUP BY 1
    ) reasons
) s
""")


class Counters(BaseModel):
    """received = routed + deduplicated + rejected + waiting, always. Messages by their state, skipped by reason."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "received": 12, "routed": 8, "deduplicated": 3, "rejected": 1, "waiting": 0,
                    "claimed": 0, "calling": 0, "sent": 9, "failed": 0, "unknown": 0,
                    "skipped": {"late": 1},
                }
            ]
        }
    )  # fmt: skip

    received: int = Field(description="Every delivery that was answered 2xx, repeats too.")
    routed: int
    deduplicated: int = Field(description="Repeats of an event that was there already.")
    rejected: int = Field(description="Dead letters that wait for a person.")
    waiting: int = Field(description="Stored and not routed yet.")
    claimed: int
    calling: int
    sent: int
    failed: int
    unknown: int = Field(description="Nobody can know whether these went out; a person decides.")
    skipped: dict[str, int] = Field(description="Messages that were not sent, by reason.")


async def counters(tx: AsyncSession) -> Counters:
    """All of them, from one snapshot."""
    return Counters.model_validate(dict((await tx.execute(_SQL)).mappings().one()))
