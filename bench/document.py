"""docs/benchmarks.md: a section for each measurement; a run replaces the sections that it measured."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

import psutil

from bench.table import Section
from settings import SOURCE

PATH = SOURCE / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

`make bench` measures all of this and writes this file; `.venv/bin/python -m bench NAME` measures one section anew, and
`--quick` does a tenth of the work and writes nothing. Everything runs on one machine: the embedded PostgreSQL with its
usual durability, Temporal's dev server on SQLite, the real API and worker as processes of their own, and what
drives them. Figures in seconds therefore depend on the machine and on what else it does. What is compared is
compared within one run: the two sides take turns (A B A B) on the same servers, and medians are shown. A load well
above the number of cores says that the machine had other work meanwhile.
"""


def machine() -> str:
    """The machine in a few words: cores first, its load in the last five minutes (the measurement's own in it) last."""
    memory_gib = psutil.virtual_memory().total / 1024**3
    cores = f"{os.cpu_count()} cores ({platform.machine()})"
    return f"{cores}, {memory_gib:.0f} GiB, Python {platform.python_version()}, load {os.getloadavg()[1]:.1f}"


def write(sections: Sequence[Section], path: Path = PATH) -> None:
    """Replace what was measured now, keep the rest in its place, and put what is new at the end."""
    kept = _sections(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept |= {section.title: section.markdown(machine()) for section in sections}
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([HEAD, *kept.values()]), encoding="utf-8")


def _sections(document: str) -> dict[str, str]:
    """The sections of a document by their titles."""
    parts = re.split(r"^(?=## )", document, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0].removeprefix("## "): part.strip() + "\n" for part in parts}
