"""What a person does to a running installation from the command line: keys, users, sequences."""

from __future__ import annotations

import asyncio
import getpass
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

import settings as environment
from configuration import load_marketing, load_sequences
from domain.errors import PerennialError
from embedded.postgres import running_url
from settings import Settings
from store import access
from store.access import Role
from store.db import Database

T = TypeVar("T")
RoleOption = Annotated[Role, typer.Option(help="what it may do")]

keys = typer.Typer(help="API keys of machines.", no_args_is_help=True)
users = typer.Typer(help="People who sign in to the dashboard.", no_args_is_help=True)
sequences = typer.Typer(help="Sequence definitions.", no_args_is_help=True)


class NotRunning(PerennialError):
    """There is no database to work on."""

    code = "not_running"


def database_of(settings: Settings) -> Database:
    """The configured database, else the embedded one. Raises NotRunning where neither is there."""
    if settings.database_url is not None:
        return Database(settings.database)
    url = running_url(settings.data_dir)
    if url is None:
        message = f"Nothing runs on the data folder {settings.data_dir}: start it with `make up`, or set DATABASE_URL."
        raise NotRunning(message)
    return Database(url)


def _in_transaction(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def run() -> T:
        db = database_of(environment.load())
        try:
            async with db.transaction() as tx:
                return await work(tx)
        finally:
            await db.aclose()

    return asyncio.run(run())


@keys.command("create")
def create_key(role: RoleOption = "marketer", name: str = "") -> None:
    """Make a key and print it; it is not shown again."""
    print(_in_transaction(lambda tx: access.create_key(tx, role, name)))


@keys.command("list")
def list_keys() -> None:
    """List keys by their first characters."""
    for key in _in_transaction(access.list_keys):
        state = "revoked" if key.revoked_at else "active"
        print(f"{key.prefix}  {key.role:9} {state:8} {key.name}")


@keys.command("revoke")
def revoke_key(prefix: str) -> None:
    """Revoke the key that begins with PREFIX; it stops working at once."""
    print(f"{_in_transaction(lambda tx: access.revoke_key(tx, prefix))} revoked.")


@users.command("create")
def create_user(email: str, role: RoleOption = "marketer", name: str = "") -> None:
    """Make a person who can sign in. Asks for the password, or reads it from a pipe; an empty one is made up."""
    given = getpass.getpass("Password (empty: make one): ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    password = given or secrets.token_urlsafe(12)
    _in_transaction(lambda tx: access.create_user(tx, email, role, password, name))
    print(f"{email} can sign in as {role}." + ("" if given else f" Password: {password}"))


@sequences.command("check")
def check() -> None:
    """Check the configuration folder; errors name file, line and field."""
    folder = environment.load().config_dir
    load_marketing(folder)
    found = load_sequences(folder)
    print(f"{len(found)} sequences and marketing.yaml of {folder} are right.")
