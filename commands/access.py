"""What a person does to who may sign in and call: keys and users."""

from __future__ import annotations

import getpass
import secrets
import sys
from typing import Annotated

import typer

from commands.installation import in_transaction
from store import access
from store.access import Role

RoleOption = Annotated[Role, typer.Option(help="what it may do")]

keys = typer.Typer(help="API keys of machines.", no_args_is_help=True)
users = typer.Typer(help="People who sign in to the dashboard.", no_args_is_help=True)


@keys.command("create")
def create_key(role: RoleOption = "marketer", name: str = "") -> None:
    """Make a key and print it; it is not shown again."""
    print(in_transaction(lambda tx: access.create_key(tx, role, name)))


@keys.command("list")
def list_keys() -> None:
    """List keys by their first characters."""
    for key in in_transaction(access.list_keys):
        state = "revoked" if key.revoked_at else "active"
        print(f"{key.prefix}  {key.role:9} {state:8} {key.name}")


@keys.command("revoke")
def revoke_key(prefix: str) -> None:
    """Revoke the key that begins with PREFIX; it stops working at once."""
    print(f"{in_transaction(lambda tx: access.revoke_key(tx, prefix))} revoked.")


@users.command("create")
def create_user(email: str, role: RoleOption = "marketer", name: str = "") -> None:
    """Make a person who can sign in. Asks for the password, or reads it from a pipe; an empty one is made up."""
    given = getpass.getpass("Password (empty: make one): ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    password = given or secrets.token_urlsafe(12)
    in_transaction(lambda tx: access.create_user(tx, email, role, password, name))
    print(f"{email} can sign in as {role}." + ("" if given else f" Password: {password}"))
