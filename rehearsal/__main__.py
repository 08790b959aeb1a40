"""A rehearsal for a worker: `{"definition": …, "given": …}` comes in, its calendar goes out as one line of JSON."""

from __future__ import annotations

import asyncio
import json
import sys

import logs
import settings as environment
from activities.rehearsals import MARK
from configuration import load_marketing
from domain.errors import PerennialError
from domain.rehearsals import Given, Rehearsed
from domain.sequences import Sequence
from embedded.exit import leave
from rehearsal.play import rehearse


async def _played(asked: dict[str, object]) -> Rehearsed:
    settings = environment.load()
    definition, given = Sequence.model_validate(asked["definition"]), Given.model_validate(asked["given"])
    return await rehearse(settings, load_marketing(settings.config_dir), settings.database, definition, given)


def main() -> int:
    """The status: 0 where there is a calendar."""
    logs.configure()
    try:
        found = asyncio.run(_played(json.load(sys.stdin)))
    except PerennialError as error:
        sys.stderr.write(f"\n{MARK}{' '.join(str(error).split())}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"\n{MARK}It cannot be played on this machine ({type(error).__name__}).\n")
        return 1
    sys.stdout.write(f"\n{found.model_dump_json()}\n")
    return 0


if __name__ == "__main__":
    leave(main())
