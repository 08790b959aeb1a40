"""Who the person is and where they came from: tags, names, touches and attribution."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.marketing import Marketing
from domain.names import derived
from domain.webinars import normal_code
from store.contacts import Consent, Contact, Touch
from store.events import Event

OURS = "perennial"
TOLD = ("first_name", "company", "audience", "timezone", "language")
MAX_CHARS = 200


async def touch(tx: AsyncSession, event: Event, contact: Contact, _marketing: Marketing) -> None:
    """Take over what the event says of the person; append a touch where it says where they came from.

    Written under ids that follow from the event: a dead letter that is replayed says it once. What we tell
    ourselves repeats what was said before, form and campaign included: it is no further touch. The form's own
    tags and audience are in the payload already.
    """
    if event.source == OURS:
        return
    payload = event.payload
    _tag(contact, payload.get("tags"))
    if event.type == "lead_captured":
        _tag(contact, ["lead"])
    await _consent(tx, event, contact)
    await _describe(tx, event, contact)
    source = source_of(payload)
    if source is not None:
        await credit(tx, event, contact, source)


async def visited(tx: AsyncSession, event: Event, contact: Contact) -> None:
    """A page that was opened by a campaign: all of a browser's words that is kept beside its event."""
    source = _utm(event.payload).get("source")
    if source:
        await credit(tx, event, contact, str(source))


async def credit(tx: AsyncSession, event: Event, contact: Contact, source: str) -> None:
    """Append the event as a touch of that source, once."""
    row = insert(Touch).values(_touch(event, contact, source).model_dump())
    await tx.execute(row.on_conflict_do_nothing(index_elements=[Touch.event_id]))
    await attribute(tx, contact)


def source_of(payload: dict[str, Any]) -> str | None:
    """The word for where a person came from: the campaign's source, else what the form said, else the form.

    Whoever came through none of them to a webinar came from that.
    """
    values = (_utm(payload).get("source"), payload.get("source"), payload.get("form"))
    webinar = payload.get("webinar")
    last = f"webinar:{normal_code(webinar)}" if isinstance(webinar, str) and webinar else None
    return next((str(value) for value in (*values, last) if value), None)


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


async def attribute(tx: AsyncSession, contact: Contact) -> None:
    """Original source is that of the earliest touch, latest that of the newest, by when they occurred.

    A later touch never replaces the original; only one that turns out to be earlier does, so that events
    out of order end the same as in order.
    """
    by_time = select(Touch).where(Touch.contact_id == contact.id).order_by(Touch.occurred_at, Touch.event_id)
    touches = (await tx.execute(by_time)).scalars().all()
    contact.original_source, contact.latest_source = touches[0].source, touches[-1].source
    contact.form_source = next((one.form for one in touches if one.form), contact.form_source)


async def _describe(tx: AsyncSession, event: Event, contact: Contact) -> None:
    """The newest word on each thing holds, by when it was said: what newer events said is left as it is."""
    words, attributes = _words(event.payload), _attributes(event.payload)
    if not words and not attributes:
        return
    for newer in await _said_since(tx, event):
        words = _without(words, _words(newer))
        attributes = _without(attributes, _attributes(newer))
    for name, value in words.items():
        setattr(contact, name, value)
    contact.attributes = {**contact.attributes, **attributes}


async def _said_since(tx: AsyncSession, event: Event) -> Iterable[dict[str, Any]]:
    later = or_(
        Event.occurred_at > event.occurred_at,
        and_(Event.occurred_at == event.occurred_at, Event.id > event.id),
    )
    rows = select(Event.payload).where(
        Event.contact_id == event.contact_id,
        Event.state != "rejected",
        Event.source != OURS,
        Event.client_side.is_(False),
        later,
    )
    return (await tx.execute(rows)).scalars()


def _words(payload: dict[str, Any]) -> dict[str, Any]:
    return {name: value[:MAX_CHARS] for name in TOLD if isinstance(value := payload.get(name), str) and value}


def _attributes(payload: dict[str, Any]) -> dict[str, Any]:
    given = payload.get("attributes")
    return given if isinstance(given, dict) else {}


def _without(words: dict[str, Any], newer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in words.items() if name not in newer}


def _tag(contact: Contact, tags: object) -> None:
    if isinstance(tags, list):
        contact.tags = sorted({*contact.tags, *(str(tag)[:100] for tag in tags if tag)})


async def _consent(tx: AsyncSession, event: Event, contact: Contact) -> None:
    given = event.payload.get("consent")
    if not isinstance(given, dict) or not given.get("granted") or given.get("double_opt_in"):
        return
    contact.consented_at = min(contact.consented_at or event.occurred_at, event.occurred_at)
    proof = Consent(
        id=derived("consent", event.id),
        contact_id=contact.id,
        event_id=event.id,
        granted=True,
        at=event.occurred_at,
        place=str(given.get("place", "")),
        wording=str(given.get("wording", "")),
        ip_hash=str(given.get("ip_hash", "")),
    )
    await prove(tx, proof)


async def prove(tx: AsyncSession, proof: Consent) -> None:
    """Keep the proof, once however often its event is folded."""
    await tx.execute(insert(Consent).values(proof.model_dump()).on_conflict_do_nothing(index_elements=[Consent.id]))
