"""`perennial sequences`, run as a person runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from configuration import sequence_text
from store.db import Database
from tests.changes_kit import by_version, enter, mails, publish
from tests.core_kit import CONFIG, World, new_world
from tests.test_cli import perennial

KEY = "tried"
FIRST = mails(KEY, demo_nurture_1="0d", demo_nurture_2="7d")


@pytest.fixture(scope="module")
async def world(db: Database) -> World:
    return await new_world(db)


async def test_a_definition_goes_out_is_changed_taken_in_and_compared(
    world: World, database_url: str, tmp_path: Path
) -> None:
    given = {"DATABASE_URL": database_url, "PERENNIAL_CONFIG_DIR": str(CONFIG)}

    def run(*arguments: str) -> tuple[int, str]:
        done = perennial("sequences", *arguments, folder=tmp_path, **given)
        return done.returncode, done.stdout + done.stderr

    await publish(world, FIRST, "keep")
    await enter(world, FIRST, 2)
    file = tmp_path / "out" / f"{KEY}.yaml"
    assert run("export", KEY, "--to", str(tmp_path / "out")) == (0, f"{file}: version 1\n")
    assert file.read_text(encoding="utf-8") == sequence_text(FIRST)
    assert run("export", KEY, "--to", str(tmp_path / "out"))[0] == 1, "it overwrites nothing"

    file.write_text(file.read_text(encoding="utf-8").replace("7d", "9d"), encoding="utf-8")
    refused = run("import", str(file), "--running", "move")
    assert refused[0] == 1, "nobody said yes"
    assert "move: 2 go on by the new one" in refused[1]
    status, said = run("import", str(file), "--running", "move", "--yes")
    assert status == 0
    assert f"{KEY}: version 2 is live." in said
    assert run("import", str(file), "--yes") == (0, f"{KEY}: is what is live already.\n")

    status, said = run("diff", KEY)
    assert status == 1
    assert "-    at: 9d" in said
    assert run("versions", KEY)[1].count("live") == 1
    assert await by_version(world, KEY) == {(1, "running"): 2}, "the workers take them over"


def test_an_import_names_file_line_and_field(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(sequence_text(FIRST).replace("demo_nurture_2", "no_such_mail"), encoding="utf-8")
    given = {"DATABASE_URL": database_url, "PERENNIAL_CONFIG_DIR": str(CONFIG)}
    done = perennial("sequences", "import", str(file), folder=tmp_path, **given)
    assert done.returncode == 1
    assert f"{file}:8: steps.1.email: there is no e-mail 'no_such_mail'" in done.stderr
