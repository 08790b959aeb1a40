"""The command `perennial`. Each command loads what it needs when it is called, so that `--help` is quick."""

from __future__ import annotations

import asyncio
import sys
import traceback

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


def _add_commands() -> None:
    """Groups whose libraries take a moment to load are loaded only when one of them is called."""
    from commands import keys, sequences, users

    app.add_typer(keys, name="keys")
    app.add_typer(users, name="users")
    app.add_typer(sequences, name="sequences")


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
