"""Measures what was asked for, prints it, and writes a full run's figures to docs/benchmarks.md."""

from __future__ import annotations

import argparse
import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rich.console import Console

from bench import (
    actions,
    atomization,
    campaigns,
    edits,
    funnels,
    imports,
    journeys,
    launch,
    mail,
    memory,
    reading,
    segments,
    tiers,
    webhooks,
)
from bench.document import machine, write
from bench.ground import Scale
from bench.table import Row, Section
from embedded.exit import leave
from embedded.progress import Progress, Say
from embedded.signals import until_told

Measure = Callable[[Scale, Say], Awaitable[list[Row]]]
MODULES = {
    "actions": actions, "journeys": journeys, "memory": memory, "webhooks": webhooks, "mail": mail,
    "segments": segments, "campaigns": campaigns, "tiers": tiers, "imports": imports,
    "launch": launch, "atomization": atomization, "reading": reading, "funnels": funnels, "edits": edits,
}  # fmt: skip
WIDTH = 150
# Each measurement ends by itself long before; this is for a machine on which one hangs.
LONGEST_S = 1800.0


@dataclass(slots=True)
class Outcome:
    """The exit status: 1 where a measurement did not come to its end. A missed target is shown, and is no failure."""

    status: int = 0


def main() -> None:
    """The process's entry."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"which: {', '.join(MODULES)} (all)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work; writes no document")
    parser.add_argument("--size", type=int, help="how many people, where it matters; writes no document")
    given = parser.parse_args()
    unknown = set(given.names) - set(MODULES)
    if unknown:
        parser.error(f"no measurement is called {', '.join(sorted(unknown))}: there are {', '.join(MODULES)}")
    outcome = Outcome()
    asyncio.run(
        until_told(_run(given.names or list(MODULES), Scale(quick=given.quick, size=given.size), outcome), Progress())
    )
    leave(outcome.status)


async def _run(names: list[str], scale: Scale, outcome: Outcome) -> None:
    console = Console(width=WIDTH, highlight=False)
    say = Progress()
    sections = []
    for name in names:
        module = MODULES[name]
        say(f"Measuring: {name}")
        begun_s = time.monotonic()
        try:
            measured = await asyncio.wait_for(module.measure(scale, _under(say, name)), LONGEST_S)
        except Exception:  # noqa: BLE001 - the other measurements are worth having
            outcome.status = 1
            say(f"{name} did not come to its end:")
            traceback.print_exc()
            continue
        sections.append(Section(name, module.TITLE, module.ABOUT, measured, time.monotonic() - begun_s))
    console.print(f"\n{machine()}")
    for section in sections:
        console.print(section.table())
    if not scale.quick and scale.size is None:
        write(sections)
        console.print("Written to docs/benchmarks.md")


def _under(say: Say, name: str) -> Say:
    return lambda line: say(f"  {name}: {line}")
