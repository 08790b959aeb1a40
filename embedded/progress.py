"""What the person at the terminal sees while things start and stop."""

from __future__ import annotations

import sys
import time
from typing import Protocol


class Say(Protocol):
    """Tells the person one line."""

    def __call__(self, line: str, /) -> None: ...


class Progress:
    """Lines with the seconds since it was made: `[ 12.3 s] PostgreSQL is ready`."""

    def __init__(self) -> None:
        self._begun_s = time.monotonic()

    def __call__(self, line: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - self._begun_s:6.1f} s] {line}\n")
        sys.stdout.flush()


def quiet(line: str) -> None:
    """Says nothing, for tests."""
    del line
