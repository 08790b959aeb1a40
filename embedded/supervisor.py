"""Starts everything in order, keeps it running, and stops it the other way round."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from pydantic import SecretStr

from embedded import folder
from embedded.errors import CannotStart
from embedded.ports import LOOPBACK, free_port, require_free
from embedded.postgres import start_postgres
from embedded.private import keep, new_secret
from embedded.processes import Child
from embedded.progress import Say, quiet
from embedded.services import Program, S, Service
from embedded.temporal import Temporal, find_cli, start_temporal
from settings import SOURCE, Settings

API_WITHIN_S = 60.0
TRIM_EVERY_S = 60.0


def _migrate(url: str) -> None:
    # Alembic takes half a second to load, and nothing else here needs it.
    from store.migrate import upgrade

    upgrade(url)


@dataclass(frozen=True, slots=True)
class Programs:
    """What is run as API and as worker (after the Python that runs us), and how the database is brought up to date."""

    api: Sequence[str] = ("-m", "uvicorn", "api.app:create_app", "--factory", "--no-server-header", "--no-access-log")
    worker: Sequence[str] = ("-m", "worker")
    migrate: Callable[[str], None] = _migrate


@dataclass(frozen=True, slots=True)
class Running:
    """What runs now. `settings` has the addresses and the key that API and workers were given."""

    settings: Settings
    api_url: str
    ui_url: str | None
    temporal_metrics_url: str | None
    services: Mapping[str, Service[Any]]

    @property
    def database_url(self) -> str:
        """For SQLAlchemy with psycopg, password included."""
        return self.settings.database

    @property
    def temporal_address(self) -> str:
        """Host and port."""
        return self.settings.temporal_address or ""

    def pid(self, name: str) -> int | None:
        """The pid now of `postgres`, `temporal`, `api` or `worker-1`, …; None between its end and its next start."""
        return self.services[name].pid


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    api: bool = True,
    workers: int | None = None,
    say: Say = quiet,
    programs: Programs | None = None,
) -> AsyncIterator[Running]:
    """Everything, for as long as the block lasts. Raises CannotStart with one sentence for a person.

    `workers`: how many, else as the settings say. PostgreSQL and Temporal are started here unless
    DATABASE_URL and TEMPORAL_ADDRESS name others.
    """
    logs = folder.make_folder(settings.data_dir)
    with folder.hold(settings.data_dir):
        left = await asyncio.to_thread(folder.left_over, settings.data_dir)
        if left:
            say(f"Ending {len(left)} processes that an earlier run left")
        await asyncio.gather(*(each.end(signal.SIGTERM) for each in left))
        folder.rotate(logs)
        supervisor = _Supervisor(settings, logs, say, programs or Programs())
        try:
            yield await supervisor.start(api=api, workers=settings.workers if workers is None else workers)
        finally:
            await supervisor.stop()


class _Supervisor:
    def __init__(self, settings: Settings, logs: Path, say: Say, programs: Programs) -> None:
        self._settings = settings
        self._logs = logs
        self._say = say
        self._programs = programs
        self._services: dict[str, Service[Any]] = {}
        self._trimmer: asyncio.Task[None] | None = None

    async def start(self, *, api: bool, workers: int) -> Running:
        given = self._settings
        _require_ports(given, api=api)
        self._trimmer = asyncio.create_task(self._trim())
        self._give(secret_key=given.secret_key or SecretStr(keep(given.data_dir / "secret_key", new_secret)))
        if given.database_url is None:
            await self._start_postgres()
        temporal = await self._start_temporal() if given.temporal_address is None else None
        self._say("Bringing the database up to date")
        await asyncio.to_thread(self._programs.migrate, self._settings.database)
        if api:
            await self._start_api()
        for number in range(1, workers + 1):
            await self._start_worker(number)
        return Running(
            settings=self._settings,
            api_url=_url(self._settings),
            ui_url=temporal.ui_url if temporal else None,
            temporal_metrics_url=temporal.metrics_url if temporal else None,
            services=self._services,
        )

    async def stop(self) -> None:
        """Workers first, then the API, Temporal and PostgreSQL: nobody loses what it still needs to finish."""
        if self._trimmer is not None:
            self._trimmer.cancel()
        workers = [service for name, service in self._services.items() if name.startswith("worker-")]
        await asyncio.gather(*(service.stop() for service in workers))
        for service in reversed([each for each in self._services.values() if each not in workers]):
            await service.stop()
        if self._services:
            self._say("Everything is stopped")

    def _give(self, **values: object) -> None:
        self._settings = self._settings.model_copy(update=values)

    async def _start(self, name: str, title: str, start: Callable[[], Awaitable[S]]) -> S:
        """Start a service and keep it; it is stopped at the end also where its start fails later on."""
        self._say(f"Starting {title}")
        service = Service(title, start, self._say)
        self._services[name] = service
        return await service.start()

    async def _start_postgres(self) -> None:
        data_dir = self._settings.data_dir
        postgres = await self._start("postgres", "PostgreSQL", lambda: start_postgres(data_dir, self._logs, self._say))
        self._give(database_url=SecretStr(postgres.url))

    async def _start_temporal(self) -> Temporal:
        settings = self._settings
        cli = await find_cli(settings.temporal_cli, self._say)
        metrics_port = free_port()
        temporal = await self._start(
            "temporal",
            "Temporal",
            lambda: start_temporal(
                cli,
                settings.data_dir,
                self._logs,
                port=settings.temporal_port,
                ui_port=settings.temporal_ui_port,
                metrics_port=metrics_port,
            ),
        )
        # A key or name of a cloud in the environment is not for this server.
        self._give(
            temporal_address=temporal.address, temporal_namespace="default", temporal_api_key=None, temporal_tls=False
        )
        return temporal

    async def _start_api(self) -> None:
        settings = self._settings
        command = [*self._programs.api, "--host", settings.api_host, "--port", str(settings.api_port)]
        started = await self._start("api", "the API", lambda: self._program("api", command))
        await _answers(started.child, f"{_url(settings)}/healthz")

    async def _start_worker(self, number: int) -> None:
        name = f"worker-{number}"
        port = self._settings.worker_metrics_port
        environment = {"PERENNIAL_WORKER_METRICS_PORT": str(port + number - 1)} if port else {}
        await self._start(name, f"worker {number}", lambda: self._program(name, self._programs.worker, environment))

    async def _program(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] = MappingProxyType({})
    ) -> Program:
        mark = {folder.MARK: str(self._settings.data_dir), "PYTHONUNBUFFERED": "1"}
        child = Child.start(
            name,
            [sys.executable, *command],
            logs=self._logs,
            environment={**os.environ, **self._settings.environment(), **mark, **environment},
            folder=SOURCE,
        )
        return Program(child)

    async def _trim(self) -> None:
        while True:
            await asyncio.sleep(TRIM_EVERY_S)
            await asyncio.to_thread(folder.trim, self._logs)


def _require_ports(settings: Settings, *, api: bool) -> None:
    if settings.temporal_address is None:
        require_free(LOOPBACK, settings.temporal_port, "PERENNIAL_TEMPORAL_PORT")
        require_free(LOOPBACK, settings.temporal_ui_port, "PERENNIAL_TEMPORAL_UI_PORT")
    if api:
        require_free(settings.api_host, settings.api_port, "PERENNIAL_API_PORT")


def _url(settings: Settings) -> str:
    host = LOOPBACK if settings.api_host in {"0.0.0.0", "::"} else settings.api_host  # noqa: S104 # compared, not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.api_port}"


async def _answers(child: Child, url: str) -> None:
    deadline_s = time.monotonic() + API_WITHIN_S
    async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
        while child.status is None and time.monotonic() < deadline_s:
            with suppress(httpx.HTTPError):
                if _is_of(child, await client.get(url)):
                    return
            await asyncio.sleep(0.1)
    raise CannotStart(f"The API does not start: {child.last_words()} (see {child.log}).")


def _is_of(child: Child, answer: httpx.Response) -> bool:
    """Whether this answer is our own child's: another instance may have taken the port meanwhile."""
    try:
        told = answer.json()
    except ValueError:
        return False
    return answer.is_success and isinstance(told, dict) and told.get("pid") == child.pid
