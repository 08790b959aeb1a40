"""From what was read of a delivery to `Incoming`, or to a dead letter that says what is lacking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from api.webhooks.base import NotUnderstood
from api.webhooks.reading import JsonObject, digest, identifier, storable
from domain.events import Incoming


@dataclass(frozen=True, slots=True)
class Draft:
    """What a vendor's object says in our words. `lacking` names what we cannot go on without."""

    type: str
    payload: JsonObject
    email: str | None = None
    entity: str | None = None
    lacking: str | None = None


def incoming(draft: Draft, *, source: str, sender_id: str | None, occurred_at: datetime | None, raw: bytes) -> Incoming:
    """The draft in its envelope. Without a sender's id, the digest of `raw` makes repeats recognisable."""
    return Incoming(
        type=draft.type,
        source=source,
        sender_id=identifier(storable(sender_id)) if sender_id else digest(raw),
        email=draft.email,
        entity=identifier(draft.entity) if draft.entity else None,
        occurred_at=occurred_at,
        payload=draft.payload,
        raw=raw,
    )


def lacking(draft: Draft, sender_id: str | None) -> str | None:
    """Why this cannot be used, for a person; None when it can."""
    return draft.lacking or (None if sender_id else "It has no id of the sender's.")


def single(
    draft: Draft, *, source: str, sender_id: str | None, occurred_at: datetime | None, raw: bytes
) -> list[Incoming]:
    """The one event of a delivery. Raises `NotUnderstood` when something is lacking."""
    event = incoming(draft, source=source, sender_id=sender_id, occurred_at=occurred_at, raw=raw)
    reason = lacking(draft, sender_id)
    if reason:
        raise NotUnderstood(reason, event)
    return [event]
