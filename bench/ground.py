"""What is measured on: the real supervisor with its servers and processes, in a folder that is removed after."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr
from ruamel.yaml import YAML
from sqlalchemy import text
from temporalio.client import Client

import settings as environment
from configuration import load_marketing
from demo.senders import Secrets, Senders
from demo.surroundings import EMBEDDED
from domain.clock import Clock
from domain.marketing import Marketing
from embedded.account import account, place_for, socket_folder
from embedded.ports import LOOPBACK, free_port
from embedded.private import new_secret
from embedded.progress import Say
from embedded.supervisor import Programs, Running, running
from engine import connect
from settings import SOURCE, Settings
from store.db import Database
from store.instance import clock as stored_clock

PATIENCE_S = 120.0
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is done: everything, or a tenth with `--quick`. `size`: how many people there are, where it matters."""

    quick: bool = False
    size: int | None = None

    def of(self, full: int, *, least: int = 1) -> int:
        """`full`, or a tenth of it."""
        return max(least, full // 10) if self.quick else full


class TooSlow(Exception):
    """What was waited for did not come about in its time. The message says what."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The running product, and every way to it that the measurements need."""

    up: Running
    db: Database
    http: httpx.AsyncClient
    client: Client
    senders: Senders
    secrets: Secrets
    clock: Clock
    marketing: Marketing

    async def count(self, sql: str, **given: object) -> int:
        """The one number that a query answers with."""
        async with self.db.transaction() as tx:
            return int((await tx.execute(text(sql), given)).scalar_one() or 0)

    async def rows(self, sql: str, **given: object) -> list[tuple[object, ...]]:
        """What a query answers with."""
        async with self.db.transaction() as tx:
            return [tuple(row) for row in await tx.execute(text(sql), given)]

    async def until(self, sql: str, least: int, *, within_s: float = PATIENCE_S, every_s: float = 0.2) -> None:
        """Wait until a query counts `least`. Raises TooSlow."""
        deadline_s = asyncio.get_running_loop().time() + within_s
        while (found := await self.count(sql)) < least:
            if asyncio.get_running_loop().time() > deadline_s:
                message = f"after {within_s:.0f} s only {found} of {least}: {sql}"
                raise TooSlow(message)
            await asyncio.sleep(every_s)

    def pid(self, name: str) -> int:
        """The pid of `postgres`, `temporal`, `api` or `worker-1`. Raises TooSlow where it does not run."""
        pid = self.up.pid(name)
        if pid is None:
            message = f"{name} does not run"
            raise TooSlow(message)
        return pid


@asynccontextmanager
async def ground(
    say: Say,
    *,
    day_seconds: float | None = None,
    api: bool = True,
    programs: Programs | None = None,
    more: Mapping[str, object] | None = None,
    sequence: str = "",
    scored: bool = False,
) -> AsyncIterator[Ground]:
    """Everything on free ports of this machine, with one worker; stopped and removed after.

    `more` are settings, `sequence` the YAML of one more sequence beside those that come with the product;
    `scored` whether engagement is.
    """
    data_dir, config_dir = await asyncio.to_thread(_folders, sequence, scored=scored)
    secrets = Secrets(stripe=f"whsec_{new_secret()}", calendly=new_secret(), github=new_secret())
    given = {"data_dir": data_dir, "config_dir": config_dir, "day_seconds": day_seconds, **(more or {})}
    settings = _settings(secrets, given)
    try:
        async with running(settings, api=api, workers=1, say=say, programs=programs) as up, _ways(up, secrets) as found:
            yield found
    finally:
        await asyncio.to_thread(_remove, data_dir)


def _settings(secrets: Secrets, more: dict[str, object]) -> Settings:
    api_port = free_port()
    return environment.load().model_copy(
        update={
            **EMBEDDED,
            "api_port": api_port,
            "public_url": f"http://{LOOPBACK}:{api_port}",
            "temporal_port": free_port(),
            "temporal_ui_port": free_port(),
            "stripe_webhook_secret": SecretStr(secrets.stripe),
            "calendly_webhook_secret": SecretStr(secrets.calendly),
            "github_webhook_secret": SecretStr(secrets.github),
            "workflow_cache": 500,
            **more,
        }
    )


@asynccontextmanager
async def _ways(up: Running, secrets: Secrets) -> AsyncIterator[Ground]:
    db = Database(up.database_url)
    client = await connect(up.settings)
    async with httpx.AsyncClient(base_url=up.api_url, timeout=TIMEOUT_S, trust_env=False) as http:
        try:
            yield Ground(
                up=up,
                db=db,
                http=http,
                client=client,
                senders=Senders(http, secrets),
                secrets=secrets,
                clock=await _clock(db),
                marketing=load_marketing(up.settings.config_dir),
            )
        finally:
            await db.aclose()


async def _clock(db: Database) -> Clock:
    """The clock that the worker settles when it starts."""
    for _ in range(int(PATIENCE_S * 10)):
        async with db.transaction() as tx:
            if found := await stored_clock(tx):
                return found
        await asyncio.sleep(0.1)
    message = "the worker does not start"
    raise TooSlow(message)


# What the stories are about: other sequences that a lead or a purchase begins would be counted with them.
MEASURED = frozenset(
    {"cart_recovery", "demo_canceled", "demo_confirmation", "demo_nurture", "order_receipt", "purchase_followup"}
)


def _folders(sequence: str, *, scored: bool) -> tuple[Path, Path]:
    """A folder for data, and one with the configuration."""
    place = Path(tempfile.mkdtemp(prefix="perennial-bench-"))
    place.chmod(0o711)  # PostgreSQL runs as another user where we are root
    config_dir = place / "config"
    shutil.copytree(SOURCE / "config", config_dir)
    for path in (config_dir / "sequences").glob("*.yaml"):
        if path.stem not in MEASURED:
            path.unlink()
    # What is scored and what rules do costs the same whatever is measured, and would be counted with it.
    (config_dir / "reactions.yaml").unlink()
    marketing = config_dir / "marketing.yaml"
    rules = YAML()
    document = rules.load(marketing.read_text(encoding="utf-8"))
    if not scored:
        del document["engagement"]
    with marketing.open("w", encoding="utf-8") as file:
        rules.dump(document, file)
    if sequence:
        (config_dir / "sequences" / "bench.yaml").write_text(sequence, encoding="utf-8")
    return place / "data", config_dir


def _remove(data_dir: Path) -> None:
    if data_dir.exists():
        who = account(data_dir)
        for folder in (place_for(data_dir, who), socket_folder(data_dir, who)):
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(data_dir.parent, ignore_errors=True)
