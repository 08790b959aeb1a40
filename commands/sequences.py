"""`perennial sequences`: definitions checked, compared, taken in and given out."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as Many
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import settings as environment
from commands.installation import OPERATOR, in_transaction
from configuration import (
    BadConfiguration,
    check_personalization,
    check_reactions,
    load_marketing,
    load_sequences,
    read_sequence,
    sequence_diff,
    sequence_text,
)
from domain.errors import Conflict, NotFound
from domain.sequences import Sequence
from store import changes
from store.access import instance_clock
from store.changes import as_choice, definition_of
from store.journeys import SequenceRow
from store.queries.changes import Preview, preview, versions
from store.sequences import Definitions
from store.written_mails import WrittenMails

sequences = typer.Typer(help="Sequence definitions.", no_args_is_help=True)

Running = Annotated[str, typer.Option(help="what becomes of journeys that run: keep, move or stop")]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]
Live = dict[str, tuple[Sequence, int]]


@sequences.command("check")
def check() -> None:
    """Check the configuration folder; errors name file, line and field."""
    folder = environment.load().config_dir
    brand = load_marketing(folder).brand
    found = load_sequences(folder)
    rules = check_reactions(folder, found)
    check_personalization(folder, found)
    print(f"{len(found)} sequences, {rules} reactions and marketing.yaml of {folder} are right.")
    if brand.shared_domain:
        print(
            f"Warning: receipts and marketing mail both come from {brand.shared_domain}. Give marketing_from another,"
            " so that a complaint about marketing never holds up a receipt."
        )


@sequences.command("export")
def export(
    key: Annotated[str, typer.Argument(help="which; all where none is named")] = "",
    to: Annotated[Path | None, typer.Option(help="a folder; a file for each sequence")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace files that are there")] = False,
) -> None:
    """Print what is live as YAML, or write it into a folder."""
    live = in_transaction(_live)
    for name in _named(key, live):
        text = sequence_text(live[name][0])
        if to is None:
            print(text, end="" if key else "---\n")
            continue
        path = to / f"{name}.yaml"
        if path.exists() and not overwrite:
            message = f"{path} is there already. Choose another folder, or say --overwrite."
            raise Conflict(message)
        to.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"{path}: version {live[name][1]}")


@sequences.command("diff")
def diff(key: Annotated[str, typer.Argument(help="which; all where none is named")] = "") -> None:
    """Compare the configuration folder with what is live. Ends with 1 where they differ."""
    files = {one.sequence: one for one in load_sequences(environment.load().config_dir)}
    live = in_transaction(_live)
    differs = False
    for name in _named(key, {*live, *files}):
        definition, version = live.get(name, (None, 0))
        text = sequence_diff(definition, files.get(name), f"{name} version {version}, live", f"{name}, file")
        if text:
            print(text)
            differs = True
    if differs:
        raise typer.Exit(1)
    print("What is live is what the files hold.")


@sequences.command("import")
def take_in(files: list[Path], running: Running = "keep", yes: Yes = False) -> None:
    """Publish FILES. Shows first what that does to the people who are in these sequences."""
    folder = environment.load().config_dir
    faults: list[str] = []
    read: list[Sequence] = []
    mails = in_transaction(WrittenMails().all)
    for path in files:
        try:
            read.append(read_sequence(path.read_text(encoding="utf-8"), str(path), folder, mails))
        except BadConfiguration as error:
            faults.append(str(error))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{path}: cannot be read ({error.__class__.__name__})")
    if faults:
        raise BadConfiguration("\n".join(faults))
    live = in_transaction(_live)
    changed = [one for one in read if one.sequence not in live or live[one.sequence][0] != one]
    for one in read:
        if one not in changed:
            print(f"{one.sequence}: is what is live already.")
    _publish(changed, running, yes=yes)


@sequences.command("versions")
def list_versions(key: str) -> None:
    """List the versions of a sequence, the newest first."""
    for one in in_transaction(lambda tx: versions(tx, key)):
        marks = [name for name, is_so in (("live", one.live), ("file", one.file)) if is_so]
        made = f"{one.row.created_at:%Y-%m-%d %H:%M} UTC by {one.row.created_by}"
        print(f"{one.row.version:4}  {made}  {one.people} in it  {', '.join(marks)}".rstrip())


@sequences.command("restore")
def restore(key: str, version: int, running: Running = "keep", yes: Yes = False) -> None:
    """Make an earlier VERSION live again. Shows first what that does to the people who are in it."""
    _publish([in_transaction(lambda tx: definition_of(tx, key, version))], running, yes=yes)


def _publish(definitions: Many[Sequence], running: str, *, yes: bool) -> None:
    choice = as_choice(running)
    if not definitions:
        return
    seen = in_transaction(lambda tx: _looked(tx, definitions))
    for one in seen:
        print("\n".join(told(one)))
    if not yes and not typer.confirm(f"Publish, and let running journeys {choice}?"):
        raise typer.Exit(1)

    async def work(tx: AsyncSession) -> None:
        for definition, look in zip(definitions, seen, strict=True):
            change = await changes.publish(tx, definition, choice, OPERATOR, look.live)
            print(f"{change.sequence}: version {change.version} is live.")

    in_transaction(work)
    if choice != "keep" and any(one.total for one in seen):
        print("The journeys that run are taken over now; the dashboard shows how far that is.")


async def _looked(tx: AsyncSession, definitions: Many[Sequence]) -> list[Preview]:
    clock, known = await instance_clock(tx), Definitions()
    return [await preview(tx, known, clock, definition) for definition in definitions]


async def _live(tx: AsyncSession) -> Live:
    rows = await tx.execute(select(SequenceRow).where(col(SequenceRow.live_version) > 0).order_by(SequenceRow.key))
    return {
        row.key: (await definition_of(tx, row.key, row.live_version), row.live_version) for row in rows.scalars().all()
    }


def _named(key: str, known: Iterable[str]) -> list[str]:
    names = sorted(known)
    if key and key not in names:
        message = f"There is no sequence {key!r}."
        raise NotFound(message)
    return [key] if key else names


def told(seen: Preview) -> list[str]:
    """What publishing would do, for a terminal."""
    if not seen.total:
        return [f"{seen.sequence}: nobody is in it by another version."]
    lines = [f"{seen.sequence}: {seen.total} people are in it, {seen.paused} of them on hold."]
    for one in seen.steps:
        lands = ", ".join(f"{people} → {step or 'the end'}" for step, people in one.lands.items())
        gone = " (gone)" if one.removed else ""
        lines.append(f"  version {one.version}, {one.step}{gone}: {one.people}; by move: {lands or 'they stay'}")
    lines.append(f"  keep: {seen.total} go on by their version.")
    lines.append(
        f"  move: {seen.moves} go on by the new one; {seen.at_once} get their next step at once, {seen.finishes} are "
        f"done with it, {seen.too_late} are past its date, {seen.exits} have done what ends it; {seen.stays} stay."
    )
    lines.append(f"  stop: {seen.stops} end here.")
    return lines
