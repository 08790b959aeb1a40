"""Sources read to chapters, each file in a process of its own with limits: a file is attacker data."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from domain.errors import Invalid
from domain.sources import Document

TIMEOUT_S: Final = 900.0
REFUSED: Final = 3
_TOO_MUCH: Final = "Reading the file takes too much memory or time. Divide it, or leave out its pictures."


async def read(path: Path, name: str, url: str = "") -> Document:
    """Read the file in a process that may use 1.5 GB and a quarter of an hour. Raises Invalid with what to do."""
    command = (sys.executable, "-m", "providers.reading.process", str(path), name, url)
    child = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, stdin=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            told, _ = await child.communicate()
    except TimeoutError:
        raise Invalid(_TOO_MUCH, "file") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode == REFUSED:
        raise Invalid(told.decode(), "file")
    try:
        return Document.model_validate_json(told)
    except ValidationError:
        raise Invalid(_TOO_MUCH, "file") from None
