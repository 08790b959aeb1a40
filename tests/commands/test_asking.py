"""`perennial write`, `strategy` and `launch`, run as a person runs them: what is asked for, or what is missing."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from store.assets import Asset
from store.db import Database
from store.launches import Launch
from tests.core_kit import CONFIG
from tests.test_cli import perennial


async def test_what_is_asked_for_is_a_row_and_its_review_is_named(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        given = {"DATABASE_URL": database_url, "PERENNIAL_CONFIG_DIR": str(CONFIG)}
        done = perennial(*arguments, folder=tmp_path, **given)
        return done.returncode, done.stdout + done.stderr

    status, said = run("write", "offer_bundle", "--slug", "all-books")
    assert status == 0, said
    first, url = said.splitlines()
    assert first.endswith(", at all-books")
    async with db.transaction() as tx:
        [row] = (await tx.execute(select(Asset))).scalars()
    assert (row.kind, row.requested_by, url) == ("offer_bundle", "operator", f"http://127.0.0.1:8080/reviews/{row.id}")
    assert run("write", "offer_bundle", "--slug", "all-books") == (1, "There is an asset all-books already.\n")
    assert "No writer writes a poem. There are: thread," in run("write", "poem")[1]

    status, said = run("strategy", "timing", "--with", "zone=Europe/Berlin,")
    assert status == 1, said
    assert run("strategy", "timing", "--with", "soon") == (1, "Write soon as name=value.\n")
    status, said = run("strategy", "funnel")
    assert (status, "/strategy/" in said) == (0, True), said

    status, said = run("launch", "acme", "--no-wait")
    assert (status, said) == (1, "There is no brand acme. There is: fieldnotes (Fieldnotes Press).\n")
    status, said = run("launch", "fieldnotes", "--no-wait")
    async with db.transaction() as tx:
        [launch] = (await tx.execute(select(Launch))).scalars()
    assert (status, said) == (0, f"http://127.0.0.1:8080/launches/{launch.id}\n")


def test_where_nothing_runs_it_says_so(tmp_path: Path) -> None:
    done = perennial("write", "offer_bundle", folder=tmp_path, PERENNIAL_CONFIG_DIR=str(CONFIG))
    assert (done.returncode, "start it with `make up`" in done.stderr) == (1, True)
