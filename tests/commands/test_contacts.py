"""`perennial contacts`, run as a person runs it, while a worker does what it asks for."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from subprocess import CompletedProcess
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from domain.marketing import Marketing
from store import imports
from store.access import Audit
from store.contacts import Contact
from store.db import Database
from store.events import Event
from store.imports import Import
from tests.core_kit import marketing
from tests.imports_kit import carry_out
from tests.test_cli import perennial

TASKS = {"checking": "check", "running": "run"}


@pytest.fixture(autouse=True)
async def worker(db: Database) -> AsyncIterator[None]:
    """Carries out whatever an import asks for."""
    working = asyncio.create_task(_work(db, marketing()))
    yield
    working.cancel()


async def _work(db: Database, rules: Marketing) -> None:
    while True:
        async with db.transaction() as tx:
            rows = select(col(Import.id), col(Import.state)).where(col(Import.state).in_(TASKS))
            asked = list((await tx.execute(rows)).all())
        for import_id, state in asked:
            await carry_out(db, rules, import_id, TASKS[state])  # type: ignore[arg-type]
        await asyncio.sleep(0.02)


async def run(folder: Path, database_url: str, *arguments: str) -> CompletedProcess[str]:
    return await asyncio.to_thread(perennial, "contacts", *arguments, folder=folder, DATABASE_URL=database_url)


def people_file(folder: Path, mark: str, count: int) -> Path:
    file = folder / "people.csv"
    rows = [f"{number}-{mark}@example.com,Ada,{number}" for number in range(count)]
    file.write_text("\n".join(["Mail address,first name,plan", *rows, f"nobody-{mark},Eve,9", ""]), encoding="utf-8")
    return file


async def known(db: Database, mark: str) -> list[Contact]:
    async with db.transaction() as tx:
        return list((await tx.execute(select(Contact).where(col(Contact.email).contains(mark)))).scalars())


async def test_a_dry_run_says_what_would_happen_changes_nobody_and_the_real_one_writes_the_wrong_rows_to_a_file(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    mark = uuid4().hex
    file = people_file(tmp_path, mark, 3)
    mapped = ("--map", "mail address=email", "--map", "plan=attribute:tariff")
    seen = await run(tmp_path, database_url, "import", str(file), "--dry-run", *mapped)
    assert seen.returncode == 0, seen.stderr
    assert "4 rows: 3 people who are new, 0 who are known, 1 wrong." in seen.stdout
    assert await known(db, mark) == []
    errors = list(csv.reader(io.StringIO((tmp_path / "people.csv.errors.csv").read_text(encoding="utf-8-sig"))))
    assert errors[1][:3] == [f"nobody-{mark}", "Eve", "9"]
    assert errors[1][3] == "5"

    done = await run(tmp_path, database_url, "import", str(file), *mapped, "--tag", "moved")
    assert done.returncode == 0, done.stderr
    assert "3 people are new, 0 were known and are changed." in done.stdout
    people = await known(db, mark)
    assert sorted(str(one.attributes["tariff"]) for one in people) == ["0", "1", "2"]
    assert {tuple(one.tags) for one in people} == {("moved",)}
    async with db.transaction() as tx:
        ids = [one.id for one in people]
        waiting = select(func.count()).where(col(Event.contact_id).in_(ids), col(Event.state) == "waiting")
        assert (await tx.execute(waiting)).scalar_one() == 0, "nothing begins by it"


async def test_journeys_begin_only_where_that_was_said(db: Database, database_url: str, tmp_path: Path) -> None:
    mark = uuid4().hex
    file = people_file(tmp_path, mark, 2)
    done = await run(tmp_path, database_url, "import", str(file), "--map", "Mail address=email", "--start-journeys")
    assert done.returncode == 0, done.stderr
    async with db.transaction() as tx:
        ids = [one.id for one in await known(db, mark)]
        waiting = select(func.count()).where(col(Event.contact_id).in_(ids), col(Event.state) == "waiting")
        assert (await tx.execute(waiting)).scalar_one() == 2


async def test_an_import_that_was_broken_off_goes_on_where_it_was(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    mark = uuid4().hex
    file = people_file(tmp_path, mark, 2)
    async with db.transaction() as tx:
        row = await imports.begin(tx, file.name, "operator")
        await imports.receive(tx, row.id, 0, file.read_bytes())
    mapped = ("--map", "mail address=email")
    done = await run(tmp_path, database_url, "import", str(file), *mapped, "--resume", str(row.id))
    assert done.returncode == 0, done.stderr
    assert len(await known(db, mark)) == 2
    again = await run(tmp_path, database_url, "import", str(file), "--resume", str(row.id))
    assert (again.returncode, len(await known(db, mark))) == (0, 2)


async def test_a_column_that_is_not_there_is_named_and_nobody_is_imported(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    mark = uuid4().hex
    done = await run(tmp_path, database_url, "import", str(people_file(tmp_path, mark, 1)), "--map", "phone=email")
    assert done.returncode == 1
    assert "The file has no column 'phone'; it has Mail address, first name, plan." in done.stderr
    assert await known(db, mark) == []
    missing = await run(tmp_path, database_url, "import", str(tmp_path / "none.csv"))
    assert (missing.returncode, len(missing.stderr.splitlines())) == (1, 1)


async def test_what_is_exported_is_imported_again_as_it_was(db: Database, database_url: str, tmp_path: Path) -> None:
    mark = uuid4().hex
    await run(tmp_path, database_url, "import", str(people_file(tmp_path, mark, 3)), "--map", "mail address=email")
    before = [one.model_dump() for one in await known(db, mark)]
    out = tmp_path / "out.csv"
    done = await run(tmp_path, database_url, "export", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    printed = await run(tmp_path, database_url, "export")
    assert len(list(csv.reader(io.StringIO(printed.stdout)))) == len(list(csv.reader(out.open(encoding="utf-8"))))
    taken = await run(tmp_path, database_url, "import", str(out))
    assert re.search(r"0 people are new, \d+ were known and are changed", taken.stdout), taken.stdout + taken.stderr
    after = [one.model_dump() for one in await known(db, mark)]
    assert sorted(before, key=str) == sorted(after, key=str)
    async with db.transaction() as tx:
        log = select(Audit).where(col(Audit.action) == "list.exported", col(Audit.target) == "list:contacts")
        assert {(one.actor, one.details["whole"]) for one in (await tx.execute(log)).scalars()} == {("operator", True)}


async def test_an_export_of_a_segment_that_is_not_there_leaves_no_file(database_url: str, tmp_path: Path) -> None:
    done = await run(tmp_path, database_url, "export", "--segment", "nobody", "--out", str(tmp_path / "out.csv"))
    assert (done.returncode, done.stderr) == (1, "There is no such segment.\n")
    assert await asyncio.to_thread(lambda: list(tmp_path.glob("*.csv"))) == []
