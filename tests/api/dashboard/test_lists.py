"""Lists as files: whole, under the filter in force, harmless in a spreadsheet, and written down in the audit log."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select
from sqlmodel import col

from api.deps import Services
from domain.marketing import Marketing
from store import exports, imports
from store.access import Audit
from store.contacts import Contact, Identity
from store.db import Database
from store.queries.listings import LISTINGS
from store.tasks import add_task
from tests.api.callers import somebody
from tests.api.dashboard.people import Person
from tests.api.stories import begin
from tests.imports_kit import carry_out

FORMULAS = ('=HYPERLINK("http://evil.example")', "+1", "-2+3", "@SUM(A1)", "\uff1d1+1", "'=1", "plain", "'tis")


async def known(db: Database, people: Sequence[dict[str, Any]]) -> None:
    """Rows of people, as they stand after anything."""
    async with db.transaction() as tx:
        rows = [Contact(id=uuid4(), **person).model_dump() for person in people]
        await tx.execute(insert(Contact), rows)
        names = [
            {"kind": "email", "value": row["email"], "contact_id": row["id"], "created_at": row["created_at"]}
            for row in rows
        ]
        await tx.execute(insert(Identity), names)


def read(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


async def exported(person: Person, name: str, **given: str) -> list[dict[str, str]]:
    await person.opens("/contacts")
    answer = await person.posts(f"/lists/{name}/export", **given)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name}-')
    return read(answer.content.decode())


async def logged(db: Database, action: str) -> list[Audit]:
    async with db.transaction() as tx:
        rows = select(Audit).where(col(Audit.action) == action).order_by(col(Audit.at))
        return list((await tx.execute(rows)).scalars())


async def test_the_file_holds_the_whole_list_under_the_filter_and_the_log_says_who_took_it(
    marketing_person: Person, services_db: Database
) -> None:
    mark = uuid4().hex
    count = exports.ROWS * 2 + 7
    people = [{"email": f"{number}-{mark}@example.com"} for number in range(count)]
    await known(services_db, [*people, {"email": somebody()}])
    rows = await exported(marketing_person, "contacts", q=mark)
    assert {row["Email"] for row in rows} == {person["email"] for person in people}
    assert len(rows) == count
    begun, done = (await logged(services_db, "list.export_begun"))[-1], (await logged(services_db, "list.exported"))[-1]
    assert (begun.target, begun.details) == ("list:contacts", {"filter": {"q": mark}})
    assert done.actor == begun.actor
    assert done.actor.startswith("user:")
    assert done.details == {"filter": {"q": mark}, "rows": count, "whole": True}


async def test_no_cell_is_a_formula_and_an_import_reads_every_person_as_they_were(
    marketing_person: Person, services_db: Database, marketing: Marketing
) -> None:
    mark = uuid4().hex
    people = [
        {
            "email": f"{number}-{mark}@example.com",
            "first_name": text,
            "company": text,
            "audience": "business",
            "tags": ["B2B", "lead"],
            "language": "pt-BR",
            "timezone": "Europe/Berlin",
            "original_source": "google",
            "suppressed": "bounced" if number == 1 else None,
            "attributes": {"plan": text, "name": "an attribute's own name"},
        }
        for number, text in enumerate(FORMULAS)
    ]
    await known(services_db, people)
    await marketing_person.opens("/contacts")
    answer = await marketing_person.posts("/lists/contacts/export", q=mark)
    cells = [cell for row in csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")) for cell in row]
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r\uff1d")]
    async with services_db.transaction() as tx:
        gone = (await tx.execute(select(Contact).where(col(Contact.email).contains(mark)))).scalars().all()
        for one in gone:
            one.email = None
            await tx.execute(delete(Identity).where(col(Identity.contact_id) == one.id))
    async with services_db.transaction() as tx:
        row = await imports.begin(tx, "again.csv", "operator")
        await imports.receive(tx, row.id, 0, answer.content)
        await imports.check(tx, row.id, "operator")
    await carry_out(services_db, marketing, row.id, "check")
    async with services_db.transaction() as tx:
        await imports.start(tx, row.id, "operator", enrol=False, tags=[], consent_wording="")
    await carry_out(services_db, marketing, row.id, "run")
    async with services_db.transaction() as tx:
        again = (await tx.execute(select(Contact).where(col(Contact.email).contains(mark)))).scalars().all()
    fields = list(people[0])
    assert sorted([{name: getattr(one, name) for name in fields} for one in again], key=str) == sorted(people, key=str)


async def test_a_connection_that_is_cut_leaves_in_the_log_how_many_rows_went_out(
    services: Services, services_db: Database
) -> None:
    mark = uuid4().hex
    await known(services_db, [{"email": f"{number}-{mark}@example.com"} for number in range(exports.ROWS + 1)])
    async with services_db.transaction() as tx:
        clock = await services.clock(tx)
    pieces = await exports.export(services_db, "contacts", {"q": mark}, clock, "operator")
    await anext(pieces)
    await anext(pieces)
    await pieces.aclose()  # type: ignore[attr-defined]
    done = (await logged(services_db, "list.exported"))[-1]
    assert done.details == {"filter": {"q": mark}, "rows": exports.ROWS, "whole": False}


async def test_memory_follows_no_lists_length(services: Services, services_db: Database) -> None:
    mark = uuid4().hex
    company = "x" * 3_000
    await known(services_db, [{"email": f"{n}-{mark}@example.com", "company": company} for n in range(4_000)])
    async with services_db.transaction() as tx:
        clock = await services.clock(tx)
    sizes: list[int] = []
    tracemalloc.start()
    async for piece in await exports.export(services_db, "contacts", {"q": mark}, clock, "operator"):
        sizes.append(len(piece))
        if len(sizes) == 8:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[1]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(sizes) > 12_000_000
    assert peak - before < 6_000_000


async def test_a_viewer_is_neither_offered_nor_given_a_file(viewing: Person) -> None:
    assert "Export CSV" not in await viewing.opens("/contacts")
    assert (await viewing.posts("/lists/contacts/export")).status_code == 403


async def test_a_file_is_given_to_nobody_without_the_token(marketing_person: Person) -> None:
    assert (await marketing_person.posts_without_token("/lists/contacts/export")).status_code == 403
    assert (await marketing_person.client.get("/lists/contacts/export")).status_code == 405


@pytest.mark.parametrize("name", [name for name, one in LISTINGS.items() if one.role == "admin"])
async def test_what_only_admins_see_only_admins_export(name: str, marketing_person: Person, managing: Person) -> None:
    await marketing_person.opens("/")
    assert (await marketing_person.posts(f"/lists/{name}/export")).status_code == 403
    await managing.opens("/")
    assert (await managing.posts(f"/lists/{name}/export")).status_code == 200


async def test_every_list_page_offers_its_list(managing: Person, services: Services, services_db: Database) -> None:
    await begin(services)
    async with services_db.transaction() as tx:
        await add_task(tx, uuid4(), "call", "Call Ada", None, "normal")
    assert "/lists/tasks/export" in await managing.opens("/tasks")
    assert "/lists/contacts/export" in await managing.opens("/contacts")
    assert "/lists/events/export" in await managing.opens("/events")
    settings = await managing.opens("/settings")
    assert re.findall(r"/lists/(\w+)/export", settings) == ["users", "audit"]


@pytest.mark.parametrize(
    "name", [name for name, one in LISTINGS.items() if not {"run", "import", "code", "funnel"} & set(one.filters)]
)
async def test_every_list_is_a_file_by_itself(name: str, managing: Person, services: Services) -> None:
    await begin(services)
    if name == "segment-people":
        await managing.opens("/")
        assert (await managing.posts("/lists/segment-people/export", segment="none")).status_code == 404
        return
    await exported(managing, name)


async def test_a_list_that_is_not_there_and_an_id_that_is_none_are_said_so(managing: Person) -> None:
    await managing.opens("/")
    assert (await managing.posts("/lists/secrets/export")).status_code == 404
    assert (await managing.posts("/lists/campaign-recipients/export", run="x")).status_code == 422


async def test_the_api_gives_the_same_file(services_db: Database, marketer: Any) -> None:
    mark = uuid4().hex
    await known(services_db, [{"email": f"{mark}@example.com"}])
    answer = await marketer.get("/v1/lists/contacts", params={"q": mark})
    assert [row["Email"] for row in read(answer.content.decode())] == [f"{mark}@example.com"]
    assert (await logged(services_db, "list.exported"))[-1].actor.startswith("key:")
    assert (await marketer.get("/v1/lists/users")).status_code == 403
