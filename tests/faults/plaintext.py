"""Where a person's words can be found by whoever gets hold of a backup, the engine, the logs or the metrics."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from embedded.account import account, readable_programs
from tests.conftest import plain
from tests.faults.ground import Ground
from tests.histories import words

Found = dict[str, set[str]]


async def look(product: Ground, wanted: Iterable[str], since: datetime) -> Found:
    """Which of these words stand in which of the places. Histories are those of workflows that began `since` then."""
    places = {
        "dump": await asyncio.to_thread(dump, product.up.database_url, product.up.settings.data_dir),
        "histories": await histories(product, since),
        "logs": await asyncio.to_thread(logs, product.up.settings.data_dir / "logs"),
        "metrics": "\n".join([(await wire.get("/metrics")).body.decode() for wire in product.wires]),
    }
    lowered = {place: text.lower() for place, text in places.items()}
    return {place: {word for word in wanted if _stands(word.lower(), text)} for place, text in lowered.items()}


def _stands(word: str, text: str) -> bool:
    """As it is, or in the hexadecimal digits that a bytea column is in a dump."""
    return word in text or word.encode().hex() in text


def dump(url: str, data_dir: Path) -> str:
    """The whole database as pg_dump writes it."""
    programs = readable_programs(account(data_dir))
    environment = {**os.environ, "LD_LIBRARY_PATH": str(programs.parent / "lib")}
    command = [str(programs / "pg_dump"), "--dbname", plain(url)]
    return subprocess.run(command, env=environment, check=True, capture_output=True).stdout.decode()


async def histories(product: Ground, since: datetime) -> str:
    """Every word of every workflow, payloads decoded."""
    query = f"StartTime >= '{since.isoformat()}'"
    found = [one async for one in product.temporal.list_workflows(query)]
    handles = [product.temporal.get_workflow_handle(one.id, run_id=one.run_id) for one in found]
    return "\n".join([words(await handle.fetch_history()) for handle in handles])


def logs(folder: Path) -> str:
    """Everything that any process has written down."""
    return "\n".join(path.read_text(errors="replace") for path in sorted(folder.rglob("*")) if path.is_file())
