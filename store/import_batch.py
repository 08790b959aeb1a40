"""Carrying an import out, some hundred rows a transaction: a crash between two repeats nothing and loses nothing.

People who are new are written together, with few statements; whoever is known already is changed alone, under their
lock, as by any event.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.erasure import ERASED
from domain.errors import Erased
from domain.events import Incoming
from domain.importing import Person, WrongRow, read_row
from domain.marketing import Marketing
from domain.names import derived
from domain.preferences import EVERYWHERE
from domain.reasons import sentence
from store import facts, inbox
from store.base import now
from store.contacts import Consent, Contact, Identity, Touch
from store.db import Database
from store.erased import recall
from store.events import Event, InboxKey
from store.facts.consent import withdrawn
from store.identity import names, resolve
from store.imports import Import, ImportRow, locked
from store.ingest import after_calls, wait_for_calls
from store.keyed import digest

SOURCE = "import"
IMPORTED = "contact_imported"
BATCH = 500
PLACE = "import"
# What an import may write into a contact, and an undo writes back.
WRITTEN = ("first_name", "company", "audience", "timezone", "language", "tags", "attributes")


async def run_batch(db: Database, marketing: Marketing, import_id: UUID) -> bool:
    """Import the next rows; False where there are no more, or somebody stopped it."""
    return await after_calls(db, lambda tx: _batch(tx, marketing, import_id))


async def _batch(tx: AsyncSession, marketing: Marketing, import_id: UUID) -> bool:
    row = await locked(tx, import_id)
    if row.state != "running":
        return False
    waiting = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.state == "waiting")
    lines = (await tx.execute(waiting.order_by(ImportRow.line).limit(BATCH))).scalars().all()
    if not lines:
        return False
    await _import(tx, marketing, row, lines)
    return True


async def _import(tx: AsyncSession, marketing: Marketing, row: Import, lines: Sequence[ImportRow]) -> None:
    people = [(line, person) for line in lines if (person := _read(row, line)) is not None]
    known = await _known(tx, [person for _, person in people])
    unknown = [(line, person) for line, person in people if not known & set(_names(person))]
    new = await _without_erased(tx, row, unknown)
    added = await _add(tx, row, new)
    # In the order of addresses, so that two imports at once cannot wait for each other in a circle.
    others = [pair for pair in people if pair[0].line not in added and pair[0].state == "waiting"]
    for line, person in sorted(others, key=lambda pair: pair[1].email):
        try:
            await _change(tx, marketing, row, line, person)
        except Erased:
            _refuse(row, line)
    row.done += len(lines)
    row.added += len(added)
    row.changed += sum(line.state == "changed" for line, _ in others)


async def _without_erased(
    tx: AsyncSession, row: Import, people: Sequence[tuple[ImportRow, Person]]
) -> list[tuple[ImportRow, Person]]:
    """Those whom nobody asked us to forget. A list is not the person's own word: nothing of the others is kept."""
    names = {(kind, value): digest(tx, kind, value) for _, person in people for kind, value in _names(person)}
    gone = {name.digest for name, _ in await recall(tx, list(names))}
    for line, person in people:
        if gone & {names[name] for name in _names(person)}:
            _refuse(row, line)
    return [pair for pair in people if pair[0].state == "waiting"]


def _refuse(row: Import, line: ImportRow) -> None:
    line.state, line.reason, line.cells, line.before = "wrong", sentence(ERASED), [], {}
    row.wrong += 1


def _read(row: Import, line: ImportRow) -> Person | None:
    try:
        return read_row(row.columns, line.cells)
    except WrongRow as wrong:
        line.state, line.reason = "wrong", str(wrong)
        row.wrong += 1
        return None


def _names(person: Person) -> list[tuple[str, str]]:
    return [("email", person.email), *([("user_id", person.user_id)] if person.user_id else [])]


async def _known(tx: AsyncSession, people: Sequence[Person]) -> set[tuple[str, str]]:
    """Which of these identities somebody has. From here to the end of the transaction nobody else can take them."""
    found: set[tuple[str, str]] = set()
    for kind in ("email", "user_id"):  # in the order in which `store.identity.resolve` locks
        values = sorted(value for person in people for named, value in _names(person) if named == kind)
        await tx.execute(_LOCKS, {"keys": [f"identity:{kind}:{value}" for value in values]})
        rows = select(Identity.value).where(Identity.kind == kind, Identity.value.in_(values))
        found |= {(kind, value) for value in (await tx.execute(rows)).scalars()}
    return found


_LOCKS = text("SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(CAST(:keys AS text[])) key")

Made = tuple[ImportRow, Person, dict[str, Any]]


async def _add(tx: AsyncSession, row: Import, people: Sequence[tuple[ImportRow, Person]]) -> set[int]:
    """Write people who are new, all at once; the lines of those who were added."""
    if not people:
        return set()
    moment = now()
    made = [(line, person, _contact(row, person, moment)) for line, person in _apart(people)]
    await tx.execute(insert(Contact.__table__), [contact for _, _, contact in made])
    identities = [
        {"kind": kind, "value": value, "contact_id": contact["id"], "created_at": moment}
        for _, person, contact in made
        for kind, value in _names(person)
    ]
    await tx.execute(insert(Identity.__table__), identities)
    await _tell(tx, row, made, moment)
    for line, _, contact in made:
        line.state, line.contact_id = "added", contact["id"]
    return {line.line for line, _, _ in made}


def _apart(people: Sequence[tuple[ImportRow, Person]]) -> list[tuple[ImportRow, Person]]:
    """Those who share no name with somebody above them; the others are known once that one has been added."""
    taken: set[tuple[str, str]] = set()
    apart = []
    for line, person in people:
        if not taken & set(_names(person)):
            apart.append((line, person))
        taken |= set(_names(person))
    return apart


def _contact(row: Import, person: Person, moment: datetime) -> dict[str, Any]:
    contact = Contact(
        id=uuid4(),
        email=person.email,
        tags=sorted({*person.tags, *row.tags}),
        attributes=dict(person.attributes),
        original_source=person.source or None,
        latest_source=person.source or None,
        consented_at=_consented_at(row, person, moment),
        opted_out_at=moment if person.opted_out else None,
        suppressed=person.suppressed,
        created_at=moment,
        **person.words,
    )
    return contact.model_dump()


def _consented_at(row: Import, person: Person, moment: datetime) -> datetime | None:
    """When the person said yes: what the file says, else the import's own word for all who did not say no."""
    if person.opted_out or not (person.consented_at or row.consent_wording):
        return None
    return person.consented_at or moment


async def _tell(tx: AsyncSession, row: Import, ours: Sequence[Made], moment: datetime) -> None:
    """The event, touch and proof of each, as if each had come alone."""
    events = [_event(row, made, moment) for made in ours]
    await tx.execute(insert(Event.__table__), [event.model_dump(exclude={"seq"}) for event in events])
    if row.enrol:
        await _mark_work(tx, [event.key for event in events], moment)
    touches = [_touch(made, event) for made, event in zip(ours, events, strict=True) if made[1].source]
    if touches:
        await tx.execute(insert(Touch.__table__), touches)
    proofs = [proof for made, event in zip(ours, events, strict=True) if (proof := _proof(row, made, event))]
    if proofs:
        await tx.execute(insert(Consent.__table__), proofs)


def _incoming(row: Import, line: ImportRow, person: Person) -> Incoming:
    return Incoming(
        type=IMPORTED,
        source=SOURCE,
        sender_id=f"{row.id}:{line.line}",
        email=person.email,
        user_id=person.user_id,
        payload={**person.payload(), "tags": sorted({*person.tags, *row.tags}), "import": str(row.id)},
    )


def _event(row: Import, made: Made, moment: datetime) -> Event:
    line, person, contact = made
    told = _incoming(row, line, person)
    return Event(
        key=f"contact:{contact['id']}",
        type=told.type,
        source=told.source,
        sender_id=told.sender_id,
        contact_id=contact["id"],
        occurred_at=moment,
        received_at=moment,
        payload=told.payload,
        state="waiting" if row.enrol else "routed",
        routed_at=None if row.enrol else moment,
    )


async def _mark_work(tx: AsyncSession, keys: list[str], moment: datetime) -> None:
    """Tell dispatch of all of them. Nobody else can know these keys: their contacts are of this transaction."""
    last = (
        select(Event.key, func.max(Event.seq), literal(0), literal(0), literal(moment))
        .where(Event.key.in_(keys))
        .group_by(Event.key)
    )
    columns = ["key", "last_seq", "done_seq", "fence", "retry_at"]
    await tx.execute(insert(InboxKey.__table__).from_select(columns, last))


def _touch(made: Made, event: Event) -> dict[str, Any]:
    _, person, contact = made
    touch = Touch(
        id=derived("touch", event.id),
        contact_id=contact["id"],
        event_id=event.id,
        occurred_at=event.occurred_at,
        source=person.source,
        utm={"campaign": person.campaign} if person.campaign else {},
    )
    return touch.model_dump()


def _proof(row: Import, made: Made, event: Event) -> dict[str, Any] | None:
    _, person, contact = made
    if not contact["consented_at"] and not person.opted_out:
        return None
    proof = Consent(
        id=derived("consent", event.id),
        contact_id=contact["id"],
        event_id=event.id,
        channel=EVERYWHERE if person.opted_out else "email",
        granted=not person.opted_out,
        at=contact["consented_at"] or event.occurred_at,
        place=PLACE,
        wording="" if person.opted_out else row.consent_wording,
    )
    return proof.model_dump()


async def _change(tx: AsyncSession, marketing: Marketing, row: Import, line: ImportRow, person: Person) -> None:
    """One who is known already: what the file says of them is the newest word, and their own no stays a no."""
    told = _incoming(row, line, person)
    contact = await resolve(tx, names(told))
    assert contact is not None
    line.before = _snapshot(contact)
    event = await inbox.append(tx, told, contact.id, state="waiting" if row.enrol else "routed")
    line.state, line.contact_id = "changed", contact.id
    if event is None:
        return
    await facts.apply(tx, event, contact, marketing)
    if person.opted_out:
        await wait_for_calls(tx, contact.id, "unsubscribed")
        await withdrawn(tx, event, contact, marketing)
    elif (at := _consented_at(row, person, event.occurred_at)) and contact.opted_out_at is None:
        contact.consented_at = min(contact.consented_at or at, at)
        made = (line, person, {"id": contact.id, "consented_at": at})
        proof = _proof(row, made, event)
        await tx.execute(insert(Consent.__table__).values(proof).on_conflict_do_nothing())
    if person.suppressed and contact.suppressed is None:
        await wait_for_calls(tx, contact.id, "email_complained")
        contact.suppressed = person.suppressed
    line.after = _snapshot(contact)


def _snapshot(contact: Contact) -> dict[str, Any]:
    return {name: getattr(contact, name) for name in WRITTEN}
