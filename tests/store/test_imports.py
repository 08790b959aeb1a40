"""A file of people: dry run, import, crash, undo."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from domain.errors import Conflict, Invalid
from store import imports
from store.contacts import Consent, Contact, Identity
from store.db import Database
from store.events import Event
from store.import_batch import run_batch
from store.imports import Import, ImportRow
from tests.core_kit import World, new_world, somebody
from tests.imports_kit import carry_out
from workflows.contact_import import Task

BY = "user:test"
HEADER = "Email,First name,Tags,Plan,Unsubscribed\n"


@pytest.fixture
async def world(db: Database) -> World:
    return await new_world(db)


async def uploaded(world: World, content: str | bytes, pieces: int = 1) -> UUID:
    """An import with its file, in so many pieces."""
    data = content.encode() if isinstance(content, str) else content
    async with world.db.transaction() as tx:
        row = await imports.begin(tx, "people.csv", BY)
        size = len(data) // pieces + 1
        for no in range(pieces):
            await imports.receive(tx, row.id, no, data[no * size : (no + 1) * size])
        return row.id


async def carry(world: World, import_id: UUID, task: Task) -> None:
    await carry_out(world.db, world.marketing, import_id, task)


async def checked(world: World, content: str | bytes, **given: Any) -> UUID:
    import_id = await uploaded(world, content, **given)
    async with world.db.transaction() as tx:
        await imports.check(tx, import_id, BY)
    await carry(world, import_id, "check")
    return import_id


async def start(world: World, import_id: UUID, **given: Any) -> None:
    options = {"enrol": False, "tags": [], "consent_wording": "", **given}
    async with world.db.transaction() as tx:
        await imports.start(tx, import_id, BY, **options)


async def imported(world: World, content: str | bytes, **given: Any) -> UUID:
    import_id = await checked(world, content)
    await start(world, import_id, **given)
    await carry(world, import_id, "run")
    return import_id


async def undone(world: World, import_id: UUID) -> Import:
    async with world.db.transaction() as tx:
        await imports.undo(tx, import_id, BY)
    await carry(world, import_id, "undo")
    return await read(world, import_id)


async def read(world: World, import_id: UUID) -> Import:
    async with world.db.transaction() as tx:
        return await tx.get_one(Import, import_id)


async def rows(world: World, import_id: UUID) -> list[ImportRow]:
    async with world.db.transaction() as tx:
        found = select(ImportRow).where(col(ImportRow.import_id) == import_id).order_by(col(ImportRow.line))
        return list((await tx.execute(found)).scalars())


async def contacts(world: World) -> int:
    async with world.db.transaction() as tx:
        return int((await tx.execute(select(func.count()).select_from(Contact))).scalar_one())


def people(count: int) -> tuple[list[str], str]:
    """Addresses and the file that names them."""
    emails = [somebody() for _ in range(count)]
    return emails, HEADER + "".join(f"{email},Ada,B2B,pro,no\n" for email in emails)


async def test_a_dry_run_says_what_would_happen_and_changes_nobody(world: World) -> None:
    known = somebody()
    await world.tell("signup", known)
    before = await contacts(world)
    content = f"{HEADER}{known},Ada,,,\n{somebody()},Bob,,,\nnot an address,,,,\n{known.upper()},Ada,,,\n"
    found = await read(world, await checked(world, content))
    assert (found.state, found.total, found.known, found.wrong) == ("checked", 4, 1, 2)
    assert await contacts(world) == before
    wrong = [row for row in await rows(world, found.id) if row.state == "wrong"]
    assert [row.line for row in wrong] == [4, 5]
    assert "This address stands in line 2 already." in wrong[1].reason


async def test_another_matching_of_columns_is_checked_anew(world: World) -> None:
    email = somebody()
    import_id = await checked(world, f"Name,Contact\nAda,{email}\n")
    assert "Match one column to Email" in (await read(world, import_id)).reason
    async with world.db.transaction() as tx:
        await imports.check(tx, import_id, BY, ["first_name", "email"])
    await carry(world, import_id, "check")
    found = await read(world, import_id)
    assert (found.state, found.wrong) == ("checked", 0)


async def test_everybody_in_the_file_is_a_contact_with_what_it_says(world: World) -> None:
    emails, content = people(3)
    found = await read(world, await imported(world, content, tags=["moved"], consent_wording="Newsletter, 2024"))
    assert (found.state, found.added, found.changed) == ("done", 3, 0)
    contact = await world.contact(emails[0])
    assert (contact.first_name, contact.tags, contact.attributes) == ("Ada", ["B2B", "moved"], {"plan": "pro"})
    async with world.db.transaction() as tx:
        proof = (await tx.execute(select(Consent).where(col(Consent.contact_id) == contact.id))).scalar_one()
    assert (proof.granted, proof.place, proof.wording) == (True, "import", "Newsletter, 2024")
    assert contact.consented_at == proof.at


async def test_an_unsubscribed_person_stays_unsubscribed_and_nobody_is_subscribed_again(world: World) -> None:
    gone, back = somebody(), somebody()
    await world.tell("unsubscribed", back)
    await imported(world, f"{HEADER}{gone},Ada,,,yes\n{back},Bob,,,no\n", consent_wording="Newsletter")
    assert (await world.contact(gone)).opted_out_at is not None
    assert (await world.contact(back)).opted_out_at is not None
    assert (await world.contact(back)).consented_at is None


async def test_attribution_of_who_is_known_is_never_overwritten(world: World) -> None:
    email = somebody()
    await world.tell("lead_captured", email, form="contact", utm={"source": "google"})
    await imported(world, f"email,source\n{email},old list\n")
    contact = await world.contact(email)
    assert (contact.original_source, contact.latest_source) == ("google", "old list")


async def test_journeys_begin_only_where_that_was_chosen(world: World) -> None:
    welcome = _entered_by_import()
    await world.publish(welcome)
    quiet, content = people(2)
    await imported(world, content)
    await world.route()
    assert await world.journeys(quiet[0]) == []
    loud, content = people(2)
    await imported(world, content, enrol=True)
    await world.route()
    assert [one.sequence for one in await world.journeys(loud[0])] == [welcome.sequence]


def _entered_by_import() -> Any:
    from domain.sequences import Sequence

    given = {
        "sequence": "imported_welcome",
        "name": "Imported",
        "entry": {"event": "contact_imported"},
        "steps": [{"email": "demo_nurture_1", "at": "0d"}],
    }
    return Sequence.model_validate(given)


async def test_a_worker_that_dies_between_two_batches_repeats_nobody(world: World) -> None:
    emails, content = people(1_200)
    import_id = await checked(world, content)
    await start(world, import_id)
    assert await run_batch(world.db, world.marketing, import_id)
    with pytest.raises(asyncio.CancelledError):
        await _die_in_a_batch(world, import_id)
    await carry(world, import_id, "run")
    found = await read(world, import_id)
    assert (found.state, found.done, found.added) == ("done", 1_200, 1_200)
    async with world.db.transaction() as tx:
        told = select(func.count()).where(col(Event.source) == "import", col(Event.sender_id).like(f"{import_id}:%"))
        assert (await tx.execute(told)).scalar_one() == 1_200
        named = select(func.count(func.distinct(Identity.contact_id))).where(col(Identity.value).in_(emails))
        assert (await tx.execute(named)).scalar_one() == 1_200


async def _die_in_a_batch(world: World, import_id: UUID) -> None:
    """Everything of a batch, and then no commit."""
    from store.import_batch import _batch

    async with world.db.transaction() as tx:
        await _batch(tx, world.marketing, import_id)
        raise asyncio.CancelledError


async def test_one_who_comes_in_by_another_way_meanwhile_is_one_person(world: World) -> None:
    emails, content = people(40)
    import_id = await checked(world, content)
    await start(world, import_id)
    await asyncio.gather(
        run_batch(world.db, world.marketing, import_id), *(world.tell("signup", email) for email in emails)
    )
    async with world.db.transaction() as tx:
        named = select(func.count()).where(col(Identity.value).in_(emails))
        people_found = select(func.count()).where(col(Contact.email).in_(emails))
        assert (await tx.execute(named)).scalar_one() == (await tx.execute(people_found)).scalar_one() == 40


async def test_a_stopped_import_goes_on_where_it_stopped(world: World) -> None:
    _, content = people(700)
    import_id = await checked(world, content)
    await start(world, import_id)
    await run_batch(world.db, world.marketing, import_id)
    async with world.db.transaction() as tx:
        await imports.stop(tx, import_id, BY)
    await carry(world, import_id, "run")
    assert (await read(world, import_id)).state == "stopped"
    await start(world, import_id)
    await carry(world, import_id, "run")
    found = await read(world, import_id)
    assert (found.state, found.added) == ("done", 700)


async def test_undo_leaves_no_trace_of_the_new_and_the_known_as_they_were(world: World) -> None:
    known, fresh = somebody(), somebody()
    await world.tell("lead_captured", known, first_name="Grace", tags=["old"], attributes={"plan": "free"})
    import_id = await imported(world, f"{HEADER}{known},Ada,B2B,pro,\n{fresh},Bob,B2B,pro,\n")
    assert (await world.contact(known)).first_name == "Ada"
    found = await undone(world, import_id)
    assert (found.state, found.undone, found.kept) == ("undone", 2, 0)
    contact = await world.contact(known)
    assert (contact.first_name, contact.attributes) == ("Grace", {"plan": "free"})
    assert "B2B" not in contact.tags
    async with world.db.transaction() as tx:
        assert (await tx.execute(select(Identity).where(col(Identity.value) == fresh))).scalar_one_or_none() is None
    assert all(row.cells == [] for row in await rows(world, import_id))


async def test_undo_keeps_whoever_has_acted_since_and_what_was_changed_since(world: World) -> None:
    acted, changed = somebody(), somebody()
    await world.tell("lead_captured", changed, first_name="Grace")
    import_id = await imported(world, f"{HEADER}{acted},Ada,B2B,,\n{changed},Ada,,,\n")
    await world.tell("signup", acted)
    await world.tell("lead_captured", changed, first_name="Hedy")
    found = await undone(world, import_id)
    assert (found.undone, found.kept) == (1, 1)
    assert (await world.contact(changed)).first_name == "Hedy"
    assert (await world.contact(acted)).email == acted


async def test_undo_ends_the_journeys_that_the_import_began(world: World) -> None:
    await world.publish(_entered_by_import())
    emails, content = people(1)
    import_id = await imported(world, content, enrol=True)
    await world.route()
    found = await undone(world, import_id)
    journey = await world.journey(emails[0], "imported_welcome")
    assert (journey.state, journey.reason, found.kept) == ("exited", "import_undone", 1)
    assert journey.id in {row.id for turn in await world.route() for row in turn.journeys}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "workbook"),
        (b"email\n", "no rows"),
        (b'email\n"ada@example.com\n', "quotation mark"),
        (b"\x00\x01\x02\x00", "not a text file"),
        (b"\n\n", "empty"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(world: World, content: bytes, said: str) -> None:
    found = await read(world, await checked(world, content))
    assert found.state == "refused"
    assert said in found.reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
async def test_every_spreadsheets_csv_is_read(world: World, encoding: str, sign: str) -> None:
    email = somebody()
    content = sign.join(("email", "first name")) + "\r\n" + sign.join((email, '"Zoë\r\nAnn"')) + "\r\n"
    found = await read(world, await imported(world, content.encode(encoding)))
    assert found.added == 1
    assert (await world.contact(email)).first_name == "Zoë\r\nAnn"


async def test_a_file_in_pieces_that_cut_a_letter_in_two_is_whole(world: World) -> None:
    email = somebody()
    content = f"email,first name\n{email},{'é' * 50}\n"
    import_id = await checked(world, content, pieces=37)
    await start(world, import_id)
    await carry(world, import_id, "run")
    assert (await world.contact(email)).first_name == "é" * 50


async def test_what_cannot_be_asked_of_an_import_is_refused_with_a_sentence(world: World) -> None:
    import_id = await uploaded(world, HEADER)
    async with world.db.transaction() as tx:
        with pytest.raises(Conflict, match="is uploading"):
            await imports.start(tx, import_id, BY, enrol=False, tags=[], consent_wording="")
        with pytest.raises(Conflict, match="only one that is done"):
            await imports.undo(tx, import_id, BY)
        (await imports.locked(tx, import_id)).size_bytes = imports.MAX_BYTES
        with pytest.raises(Invalid, match="larger than 100 MB"):
            await imports.receive(tx, import_id, 9, b"x")


async def test_who_is_not_to_be_written_to_comes_in_so_and_a_file_takes_no_suppression_back(world: World) -> None:
    new, known, complained = somebody(), somebody(), somebody()
    for email in (known, complained):
        await world.tell("signup", email)
    async with world.db.transaction() as tx:
        (await tx.get_one(Contact, (await world.contact(complained)).id)).suppressed = "complained"
    content = f"Email,Suppressed\n{new},bounced\n{known},Manual\n{complained},\n{somebody()},perhaps\n"
    import_id = await imported(world, content)
    held = {email: (await world.contact(email)).suppressed for email in (new, known, complained)}
    assert held == {new: "bounced", known: "manual", complained: "complained"}
    [wrong] = [row for row in await rows(world, import_id) if row.state == "wrong"]
    assert "'perhaps' is no reason for suppression" in wrong.reason
