"""`perennial rehearse`: what stands on the command line, played, and its calendar on the terminal."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import settings as environment
from configuration import load_marketing, load_sequences, read_list, read_sequence
from domain.errors import Invalid, NotFound
from domain.rehearsals import Given, Rehearsed, given_of
from domain.sequences import Sequence
from embedded.postgres import running_url, start_postgres
from embedded.progress import quiet
from rehearsal.play import rehearse
from rehearsal.words import approved
from settings import Settings

HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def run(sequence: str, contact: list[str], events: Path | None, at: str, zone: str) -> None:
    """Play and print. Raises Invalid, NotFound and BadConfiguration, each with what to do."""
    settings = environment.load()
    given = given_of(contact, _events(events), at, zone)
    print("\n".join(told(asyncio.run(_played(settings, sequence, given)))))


async def _played(settings: Settings, sequence: str, given: Given) -> Rehearsed:
    known = {one.sequence: one for one in load_sequences(settings.config_dir)}
    async with database(settings) as url:
        definition = known.get(sequence) or await _definition(settings, sequence, url)
        return await rehearse(settings, load_marketing(settings.config_dir), url, definition, given)


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[str]:
    """The configured server, the one that runs here, or one for this rehearsal alone."""
    url = settings.database if settings.database_url is not None else running_url(settings.data_dir)
    if url is not None:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="perennial-rehearsal-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        (folder / "logs").mkdir()
        server = await start_postgres(folder, folder / "logs", quiet, HASTY)
        try:
            yield server.url
        finally:
            await server.stop()


async def _definition(settings: Settings, name: str, url: str) -> Sequence:
    """A file, or what is live under that name."""
    mails, live = await approved(url, name)
    if name.endswith((".yaml", ".yml")):
        return await asyncio.to_thread(_file, name, settings.config_dir, mails)
    if live is None:
        known = sorted(one.sequence for one in load_sequences(settings.config_dir))
        message = f"There is no sequence {name!r}, live or in {settings.config_dir}; there are {', '.join(known)}."
        raise NotFound(message)
    return live


def _file(name: str, folder: Path, mails: Collection[str]) -> Sequence:
    try:
        return read_sequence(Path(name).read_text(encoding="utf-8"), name, folder, mails)
    except (OSError, UnicodeDecodeError) as error:
        message = f"{name}: cannot be read ({error.__class__.__name__})"
        raise NotFound(message) from None


def _events(path: Path | None) -> list[Any]:
    if path is None:
        return []
    try:
        return read_list(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read ({error.__class__.__name__})"
        raise Invalid(message, "events") from None


def told(found: Rehearsed) -> list[str]:
    """The calendar, a line each."""
    lines = [f"{found.name} ({found.sequence}), in the calendar of {found.zone}", ""]
    for line in found.lines:
        name = " ".join(part for part in (line.what, line.step, f"“{line.title}”" if line.title else "") if part)
        why = f" ({line.why})" if line.why else ""
        lines.append(f"{line.at:%a %Y-%m-%d %H:%M}  day {line.day:<3}  {name}: {line.outcome or 'happens'}{why}")
    if found.not_reached:
        lines += ["", f"Not reached: {', '.join(found.not_reached)}"]
    ending = f"{found.state}{': ' + found.why if found.why else ''}"
    return [*lines, "", f"In the end: {ending}", f"Played in {found.took_s:g} s; nothing of it is kept."]
