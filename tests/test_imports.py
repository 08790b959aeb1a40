"""Imports go one way: packages by the contracts of pyproject.toml, the single modules beside them by this table."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_USE = {
    "logs": set[str](),
    "settings": {"domain"},
    "configuration": {"domain", "providers.pictures"},
    "engine": {"settings"},
    "starts": {"domain", "store", "workflows"},
    "reconcile": {"domain", "store"},
    "dispatch": {"domain", "starts", "store", "workflows"},
    "worker": {
        *("activities", "configuration", "dispatch", "domain", "engine", "logs", "reconcile", "settings", "store"),
        *("workflows", "embedded.exit"),
    },
}


def ours() -> set[str]:
    """The names of our own top-level packages and modules."""
    modules = {path.stem for path in ROOT.glob("*.py")}
    return modules | {path.parent.name for path in ROOT.glob("*/__init__.py")}


def imported(source: str) -> set[str]:
    """Every module that a source imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(source)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


def out_of_line(source: str, allowed: set[str]) -> set[str]:
    """What it imports of ours and may not."""
    own = {name for name in imported(source) if name.partition(".")[0] in ours()}
    return {name for name in own if not {name, name.partition(".")[0]} & allowed}


def test_packages_import_one_way() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    checked = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("module", MAY_USE)
def test_single_modules_import_one_way(module: str) -> None:
    assert out_of_line((ROOT / f"{module}.py").read_text(encoding="utf-8"), MAY_USE[module]) == set()


def test_an_import_of_the_wrong_way_is_seen() -> None:
    assert out_of_line("import worker\nfrom store.db import Database", {"store"}) == {"worker"}
    assert out_of_line("def f():\n    from embedded.ports import free_port", MAY_USE["worker"]) == {"embedded.ports"}
