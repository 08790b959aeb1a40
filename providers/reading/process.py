"""The process that reads one file: `python -m providers.reading.process PATH NAME URL`. Prints it as JSON."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Final

from domain.errors import Invalid
from providers.reading import REFUSED
from providers.reading.formats import read

MEMORY_BYTES: Final = 1_500_000_000
CPU_S: Final = 600


def main(path: str, name: str, url: str) -> int:
    """Read it within the limits. 0, or `REFUSED` with the sentence for a person."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        found = read(Path(path), name, url)
    except Invalid as error:
        sys.stdout.write(str(error))
        return REFUSED
    sys.stdout.write(found.model_dump_json())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
