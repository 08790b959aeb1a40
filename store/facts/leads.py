"""Who the person is and where they came from: tags, names, touches and attribution."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.marketing import Marketing
from domain.names import derived
from store.contacts import Consent, Contact, Touch
from store.events import Event

OURS = "perennial"


async def touch(tx: AsyncSession, event: Event, contact: Contact, marketing: Marketing) -> None:
    """Take over what the event says of the person; append a touch where it says where they came from.

    Written under ids that follow from the event: a dead letter that is replayed says it once.

    What we tell ourselves repeats what was said before, form and campaign included: it is no further touch.
    """
    if event.source == OURS:
        return
    payload = event.payload
    _tag(contact, payload.get("tags"))
    if event.type == "lead_captured":
        _tag(contact, ["lead"])
        await _consent(tx, event, contact)
    source = source_of(payload)
    if source is None:
        _describe(contact, payload, newest=False)
        return
    await tx.merge(_touch(event, contact, source))
    await tx.flush()
    await attribute(tx, contact, event, payload)
    del marketing  # the form's own tags and audience are in the payload already


def source_of(payload: dict[str, Any]) -> str | None:
    """The word for where a person came from: the campaign's source, else what the form said, else the form."""
    values = (_utm(payload).get("source"), payload.get("source"), payload.get("form"))
    return next((str(value) for value in values if value), None)


def _utm(payload: dict[str, Any]) -> dict[str, Any]:
    """Campaign parameters under their short names, whether a sender writes `source` or `utm_source`."""
    utm = payload.get("utm")
    return {str(name).removeprefix("utm_"): value for name, value in utm.items()} if isinstance(utm, dict) else {}


def _touch(event: Event, contact: Contact, source: str) -> Touch:
    return Touch(
        id=derived("touch", event.id),
        contact_id=contact.id,
        event_id=event.id,
        occurred_at=event.occurred_at,
        source=source,
        form=str(event.payload.get("form") or ""),
        landing_page=str(event.payload.get("landing_page") or ""),
        utm=_utm(event.payload),
    )


async def attribute(tx: AsyncSession, contact: Contact, event: Event, payload: dict[str, Any]) -> None:
    """Original source is that of the earliest touch, latest that of the newest, by when they occurred.

    A later touch never replaces the original; only one that turns out to be earlier does, so that events
    out of order end the same as in order.
    """
    by_time = select(Touch).where(Touch.contact_id == contact.id).order_by(Touch.occurred_at, Touch.event_id)
    touches = (await tx.execute(by_time)).scalars().all()
    first, last = touches[0], touches[-1]
    contact.original_source, contact.latest_source = first.source, last.source
    contact.form_source = next((one.form for one in touches if one.form), contact.form_source)
    _describe(contact, payload, newest=last.event_id == event.id)


def _describe(contact: Contact, payload: dict[str, Any], *, newest: bool) -> None:
    """Fill what is empty; replace what is there only from the newest word."""
    for name in ("first_name", "company", "audience", "timezone", "language"):
        value = payload.get(name)
        default = {"timezone": "UTC", "language": "en"}.get(name, "")
        if isinstance(value, str) and value and (newest or getattr(contact, name) in {"", default}):
            setattr(contact, name, value[:200])
    attributes = payload.get("attributes")
    if isinstance(attributes, dict):
        contact.attributes = {**contact.attributes, **attributes}


def _tag(contact: Contact, tags: object) -> None:
    if isinstance(tags, list):
        contact.tags = sorted({*contact.tags, *(str(tag)[:100] for tag in tags if tag)})


async def _consent(tx: AsyncSession, event: Event, contact: Contact) -> None:
    given = event.payload.get("consent")
    if not isinstance(given, dict) or not given.get("granted"):
        return
    contact.consented_at = contact.consented_at or event.occurred_at
    await tx.merge(
        Consent(
            id=derived("consent", event.id),
            contact_id=contact.id,
            event_id=event.id,
            granted=True,
            place=str(given.get("place", "")),
            wording=str(given.get("wording", "")),
            ip_hash=str(given.get("ip_hash", "")),
        )
    )
