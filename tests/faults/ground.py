"""The product as the faults find it: the real supervisor, three workers, two APIs, and providers that are ours."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from ruamel.yaml import YAML
from sqlalchemy import text
from temporalio.client import Client

from embedded import folder as folders
from embedded.ports import free_port
from embedded.processes import Child
from embedded.progress import quiet
from embedded.services import Program
from embedded.supervisor import Running, running
from engine import connect
from settings import SOURCE, Settings
from store.access import create_key
from store.db import Database
from tests.core_kit import SPINE
from tests.faults.kit import ProviderLog, until
from tests.faults.vendors import Vendors
from tests.faults.wire import Wire

WORKERS = 3
# A day of 24 minutes: a virtual minute, the shortest delay there is, takes a second.
DAY_SECONDS = 1440.0
SEQUENCES = {
    "fault_offer": "lane: marketing\n",
    "fault_note": "lane: transactional\n",
}
EMAIL = {
    "body.mjml": "<mj-section><mj-column><mj-text><p>Hello {{ contact.email }}.</p></mj-text></mj-column></mj-section>",
    "preheader.liquid": "A mail of a fault's.",
    "why.liquid": "You get this because of a fault.",
}


@dataclass(slots=True)
class Ground:
    """What runs, and every way to it. `wires` are its two APIs; the second knows the new secrets only."""

    up: Running
    provider: ProviderLog
    provider_url: str
    wires: list[Wire]
    second: Child
    db: Database
    temporal: Client
    vendors: Vendors
    keys: dict[str, str]
    _left: int = 0

    @property
    def key(self) -> str:
        return self.keys["Nadia"]

    async def rows(self, sql: str, **given: Any) -> list[Any]:
        """What a query answers, from a look into the database."""
        async with self.db.transaction() as tx:
            return list(await tx.execute(text(sql), given))

    async def run(self, sql: str, **given: Any) -> None:
        """A statement that answers nothing."""
        async with self.db.transaction() as tx:
            await tx.execute(text(sql), given)

    async def count(self, sql: str, **given: Any) -> int:
        """The one number that a query answers."""
        return int((await self.rows(sql, **given))[0][0])

    async def kill(self, name: str) -> bool:
        """kill -9; False where it does not run just now."""
        pid = self.up.pid(name)
        if pid is None:
            return False
        os.kill(pid, signal.SIGKILL)

        async def dead() -> bool:
            return self.up.pid(name) != pid

        return await until(dead, 10, 0.01)

    async def kill_some_worker(self, chance: random.Random) -> str | None:
        """kill -9 one of those that run."""
        alive = [name for name in self.up.services if name.startswith("worker-") and self.up.pid(name)]
        if not alive:
            return None
        name = chance.choice(alive)
        return name if await self.kill(name) else None

    async def back(self, name: str, within_s: float = 60) -> None:
        """Wait until the supervisor has it running again."""

        async def ask() -> int | None:
            return self.up.pid(name)

        assert await until(ask, within_s, 0.02), f"{name} is not started again"

    async def keep_away(self, name: str, seconds: float) -> int:
        """Kill it whenever it comes back, until the time is over; how often."""
        deadline_s, kills = time.monotonic() + seconds, 0
        while time.monotonic() < deadline_s:
            kills += await self.kill(name)
            await asyncio.sleep(0.05)
        return kills

    async def drained(self, part: str, within_s: float) -> bool:
        """Whether in time every event of these people is routed, and none of their journeys or calls is open."""

        async def ask() -> bool:
            return not await self.count(_UNDER_WAY, part=f"%{part}%")

        return await until(ask, within_s, 0.5)

    async def temporal_left(self, sequence: str) -> int:
        """How many workflows of the sequences whose names begin so Temporal still runs."""

        async def ask() -> bool:
            query = f"ExecutionStatus = 'Running' AND Sequence STARTS_WITH '{sequence}'"
            self._left = (await self.temporal.count_workflows(query)).count
            return self._left == 0

        await until(ask, 20, 0.5)
        return self._left


_UNDER_WAY = """
    WITH people AS (SELECT id FROM contacts WHERE email LIKE :part)
    SELECT (SELECT count(*) FROM events WHERE state = 'waiting' AND contact_id IN (SELECT id FROM people))
         + (SELECT count(*) FROM messages m JOIN journeys j ON j.id = m.journey_id
              WHERE (m.state = 'calling' OR m.state = 'claimed' AND j.state <> 'paused')
              AND m.contact_id IN (SELECT id FROM people))
         + (SELECT count(*) FROM journeys WHERE state IN ('starting', 'running')
              AND contact_id IN (SELECT id FROM people))
"""


@asynccontextmanager
async def ground(data_dir: Path, *, keys: bool = True) -> AsyncIterator[Ground]:
    """Everything, for as long as the block lasts. Without `keys` the mail provider is spoken to by SMTP."""
    log, vendors = data_dir / "provider.log", Vendors()
    log.touch()
    program = await asyncio.to_thread(_provider, log)
    ports = json.loads(await asyncio.to_thread(program.stdout.readline))  # type: ignore[union-attr]
    url = f"http://127.0.0.1:{ports['http']}"
    smtp: dict[str, Any] = {
        "mail_provider": "resend" if keys else "smtp",
        "smtp_host": "127.0.0.1",
        "smtp_port": ports["smtp"],
        "smtp_tls": "none",
    }
    try:
        async with (
            running(_settings(data_dir, url, vendors).model_copy(update=smtp), workers=WORKERS, say=quiet) as up,
            _second(up, vendors) as (second, second_url),
        ):
            db = Database(up.database_url, pool_size=4)
            wires = [Wire(up.api_url), Wire(second_url)]
            try:
                yield Ground(
                    up, ProviderLog(log), url, wires, second, db, await connect(up.settings), vendors, await _keys(db)
                )
            finally:
                await asyncio.gather(db.aclose(), *(each.aclose() for each in wires))
    finally:
        await asyncio.to_thread(program.communicate)


def _provider(log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.faults.provider", str(log)]
    return subprocess.Popen(command, cwd=SOURCE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _settings(data_dir: Path, provider_url: str, vendors: Vendors) -> Settings:
    port = free_port()
    secrets: dict[str, Any] = {name: SecretStr(value) for name, value in vendors.settings(("old", "new")).items()}
    return Settings(
        _env_file=None,
        data_dir=data_dir,
        config_dir=_configured(data_dir / "config"),
        day_seconds=DAY_SECONDS,
        api_port=port,
        public_url=f"http://127.0.0.1:{port}",
        temporal_port=free_port(),
        temporal_ui_port=free_port(),
        mail_provider="resend",
        resend_api_key=SecretStr("re_fault"),
        resend_api_base=provider_url,
        marketing_per_hour=1_000_000,
    ).model_copy(update=secrets)


def _configured(target: Path) -> Path:
    """The shipped configuration, in which everything waits for a person, and two sequences of one mail each.

    Of the shipped sequences only the spine's: the models say what these do, and the times are theirs.
    """
    shutil.copytree(SOURCE / "config", target)
    for path in (target / "sequences").glob("*.yaml"):
        if path.stem not in SPINE:
            path.unlink()
    path, yaml = target / "marketing.yaml", YAML()
    document = yaml.load(path)
    document["approvals"] = {
        "review_required": ["x", "linkedin", "newsletter", "seo"],
        "reminder": "5m",
        "escalation": "10m",
        "expiry": "20m",
    }
    document["limits"]["social_posts_per_day"] = 100_000
    yaml.dump(document, path)
    for name, lane in SEQUENCES.items():
        steps = f"steps:\n  - {{email: {name}, at: 0d}}\n"
        head = f"sequence: {name}\nname: {name}\n{lane}entry: {{event: {name}}}\nreentry: parallel\n"
        (target / "sequences" / f"{name}.yaml").write_text(head + steps)
        (target / "emails" / name).mkdir()
        for file, content in {**EMAIL, "subject.liquid": name}.items():
            (target / "emails" / name / file).write_text(content)
    return target


@asynccontextmanager
async def _second(up: Running, vendors: Vendors) -> AsyncIterator[tuple[Child, str]]:
    """Another API on the same database, which has taken the old secrets out."""
    port = free_port()
    secrets = {name.upper(): value for name, value in vendors.settings(("new",)).items()}
    child = Child.start(
        "api-2",
        [sys.executable, "-m", "uvicorn", "api.app:create_app", "--factory", "--no-access-log", "--port", str(port)],
        logs=up.settings.data_dir / "logs",
        environment={
            **os.environ,
            **up.settings.environment(),
            **secrets,
            folders.MARK: str(up.settings.data_dir),
        },
        folder=SOURCE,
    )
    wire = Wire(f"http://127.0.0.1:{port}")

    async def ask() -> bool:
        with suppress(OSError):
            return (await wire.get("/healthz")).ok
        return False

    try:
        assert await until(ask, 60, 0.1), child.last_words()
        yield child, f"http://127.0.0.1:{port}"
    finally:
        await wire.aclose()
        await Program(child).stop()


async def _keys(db: Database) -> dict[str, str]:
    async with db.transaction() as tx:
        keys = {name: await create_key(tx, "marketer", name) for name in ("Nadia", "Tom")}
        return keys | {"Root": await create_key(tx, "admin", "Root")}
