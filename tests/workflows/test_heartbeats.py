"""A worker that dies in the middle is noticed soon, however long its work may take."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "workflows"
# Longer than this, nobody waits for a worker that is not there any more.
PATIENCE = timedelta(minutes=2)
SOON = timedelta(seconds=30)


def calls(path: Path) -> Iterator[dict[str, timedelta]]:
    """The time limits of each call of an activity in a module."""
    module = import_module(f"workflows.{path.stem}")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "execute_activity":
            yield {
                str(word.arg): eval(ast.unparse(word.value), vars(module))  # our own source
                for word in node.keywords
                if word.arg in {"start_to_close_timeout", "heartbeat_timeout"}
            }


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_what_may_take_long_tells_that_it_lives(path: Path) -> None:
    for limits in calls(path):
        if limits["start_to_close_timeout"] > PATIENCE:
            assert limits.get("heartbeat_timeout", PATIENCE) <= SOON
