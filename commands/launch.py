"""`perennial launch`: all of a brand's assets asked for at once, and watched until they are written."""

from __future__ import annotations

import sys
import time
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import settings as environment
from commands.installation import OPERATOR, in_transaction
from configuration import load_marketing
from domain import launching
from domain.errors import Invalid
from store.launches import begin
from store.queries.launches import LaunchView, launch_view

LOOK_EVERY_S = 0.5


def launch(
    brand: Annotated[str, typer.Argument(help="the brand's key in marketing.yaml")],
    wait: Annotated[bool, typer.Option(help="stay until every asset is written")] = True,
) -> None:
    """Have every asset of a brand written from its books; each then waits for its review."""
    settings = environment.load()
    launching.check(load_marketing(settings.config_dir), brand)
    row = in_transaction(lambda tx: begin(tx, brand, OPERATOR))
    print(f"{settings.public_url}/launches/{row.id}")
    if wait:
        _said(_watched(row.id))


def _watched(launch_id: UUID) -> LaunchView:
    """Show how far it is until nothing is left to write."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        task = progress.add_task("Reading the books", total=None)
        while True:
            found = in_transaction(lambda tx: launch_view(tx, launch_id))
            total = len(found.assets) or None
            done = len(found.assets) - found.unwritten
            progress.update(task, total=total, completed=done, description="Writing" if total else "Reading the books")
            if not found.at_work:
                return found
            time.sleep(LOOK_EVERY_S)


def _said(found: LaunchView) -> None:
    """What came of it, a state a line. Raises Invalid for a launch that could not begin."""
    if found.state == "refused":
        raise Invalid(found.reason, "brand")
    for stand, count in sorted(found.counts.items()):
        print(f"{count:>4}  {stand}")
    for one in found.assets:
        if one.reason:
            print(f"{one.slug}: {one.reason}")
