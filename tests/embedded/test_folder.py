"""The data folder and the small files in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from embedded import folder
from embedded.errors import CannotStart
from embedded.private import keep, write_private
from settings import SOURCE


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    with (
        folder.hold(tmp_path),
        pytest.raises(CannotStart, match=rf"process {os.getpid()}\)"),
        folder.hold(tmp_path),
    ):
        pass
    with folder.hold(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_holder_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys; from embedded.folder import hold; held = hold(pathlib.Path(sys.argv[1]));"
        "held.__enter__(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path], cwd=SOURCE, check=False)
    with folder.hold(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match="set PERENNIAL_DATA_DIR to another"):
        folder.make_folder(tmp_path / "file" / "var")


def test_a_folder_that_was_there_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    folder.make_folder(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o750


def test_the_logs_of_the_last_three_runs_are_kept(tmp_path: Path) -> None:
    for run in range(5):
        folder.rotate(tmp_path)
        (tmp_path / "api.log").write_text(str(run))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "api.log": "4",
        "api.log.1": "3",
        "api.log.2": "2",
        "api.log.3": "1",
    }


def test_a_log_that_grows_long_is_put_aside_and_its_writer_goes_on(tmp_path: Path) -> None:
    with (tmp_path / "api.log").open("ab", buffering=0) as writer:
        writer.write(b"x" * (folder.LOG_BYTES + 1))
        folder.trim(tmp_path)
        writer.write(b"next")
    assert (tmp_path / "api.log").read_bytes() == b"next"
    assert (tmp_path / "api.log.1").stat().st_size == folder.LOG_BYTES + 1


def test_a_secret_is_made_once_and_for_nobody_else_to_read(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    assert keep(path, lambda: "first") == keep(path, lambda: "second") == "first"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_private(path, "new \ud800")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]
