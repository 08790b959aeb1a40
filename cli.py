"""The command `perennial`. Each command loads what it needs when it is called, so that `--help` is quick."""

from __future__ import annotations

import asyncio
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

import settings
from domain.errors import PerennialError
from embedded.exit import leave

app = typer.Typer(
    help="Lifecycle marketing that runs as durable processes.", no_args_is_help=True, pretty_exceptions_enable=False
)


@app.command()
def up() -> None:
    """Run everything on this machine until Ctrl-C: PostgreSQL, Temporal, API and workers."""
    from embedded.progress import Progress
    from embedded.serve import serve

    asyncio.run(serve(settings.load(), Progress()))


@app.command()
def migrate() -> None:
    """Bring the database that DATABASE_URL names up to date."""
    from store.migrate import upgrade

    upgrade(settings.load().database)
    print("The database is up to date.")


@app.command()
def demo() -> None:
    """Play the whole story on a compressed clock, and check what was promised."""
    from demo.main import run

    raise typer.Exit(run())


@app.command()
def rehearse(
    sequence: Annotated[str, typer.Argument(help="its key in the configuration, or a YAML file")],
    contact: Annotated[list[str] | None, typer.Option(help="a field of the person, as first_name=Ann")] = None,
    events: Annotated[Path | None, typer.Option(help="a YAML list of what happens: {after: 3d, type: …}")] = None,
    at: Annotated[str, typer.Option(help="when it begins, as 2030-03-01T09:00; now where left out")] = "",
    zone: Annotated[str, typer.Option(help="the person's timezone")] = "UTC",
) -> None:
    """Play a sequence for a made-up person and print what they would get, when, and why not otherwise."""
    from rehearsal.command import run

    run(sequence, contact or [], events, at, zone)


def _add_commands() -> None:
    """Groups whose libraries take a moment to load are loaded only when one of them is called."""
    from commands.access import keys, users
    from commands.contacts import contacts
    from commands.launch import launch
    from commands.sequences import sequences
    from commands.sources import sources
    from commands.strategy import strategy
    from commands.write import write

    app.command()(launch)
    app.command()(strategy)
    app.command()(write)
    app.add_typer(keys, name="keys")
    app.add_typer(users, name="users")
    app.add_typer(contacts, name="contacts")
    app.add_typer(sequences, name="sequences")
    app.add_typer(sources, name="sources")


def main() -> None:
    """The process's entry: what stops a command on purpose is a sentence on the terminal, never a traceback."""
    status: object = 0
    try:
        _add_commands()
        app()
    except SystemExit as end:
        status = end.code or 0
    except PerennialError as error:
        print(error, file=sys.stderr)
        status = 1
    except Exception:  # noqa: BLE001 # a bug is shown as Python shows it, and ends like all else in `leave`
        traceback.print_exc()
        status = 1
    leave(status if isinstance(status, int) else 1)


if __name__ == "__main__":
    main()
