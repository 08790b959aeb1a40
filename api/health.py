"""Whether this process lives, whether it can do its work, and what Prometheus asks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import structlog
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import JSONResponse, Response

from api.deps import Wired
from domain.errors import PerennialError
from settings import Settings
from store import migrate
from store.db import Database
from store.queries.counters import counters

if TYPE_CHECKING:
    from temporalio.client import Client

CHECK_TIMEOUT_S = 3.0

router = APIRouter(tags=["health"])
log = structlog.get_logger("api.health")

Part = Literal["ok", "down", "behind"]


class Alive(BaseModel):
    """The process answers. `pid` tells whoever started it that it is this one, and not another on the same port."""

    status: Literal["ok"] = "ok"
    pid: int = Field(default_factory=os.getpid)


class Readiness(BaseModel):
    """Each part by itself. With Temporal down events are still taken in; they are routed once it is back."""

    status: Literal["ready", "not_ready"]
    postgresql: Part
    migrations: Part
    temporal: Part


@router.get("/healthz", summary="Whether the process lives")
async def healthz() -> Alive:
    """Asks nothing of anybody: a restart helps where this does not answer."""
    return Alive()


@router.get("/readyz", summary="Whether all parts are there", responses={503: {"model": Readiness}})
async def readyz(services: Wired) -> Response:
    """PostgreSQL, its migrations and Temporal; 503 with the parts where one is not `ok`."""
    (postgresql, migrations), temporal = await asyncio.gather(
        _database(services.db), _part("temporal", services.temporal)
    )
    ready = {postgresql, migrations, temporal} == {"ok"}
    found = Readiness(
        status="ready" if ready else "not_ready", postgresql=postgresql, migrations=migrations, temporal=temporal
    )
    return JSONResponse(found.model_dump(), 200 if ready else 503, {"cache-control": "no-store"})


@router.get("/metrics", summary="For Prometheus", response_class=Response)
async def metrics(services: Wired) -> Response:
    """Requests, events and messages, without anything personal."""
    try:
        async with services.db.transaction() as tx:
            found = await counters(tx)
    except PerennialError:
        found = None
    return Response(services.metrics.exposition(found), media_type=CONTENT_TYPE_LATEST)


async def _database(db: Database) -> tuple[Part, Part]:
    version: list[str | None] = []

    async def ask() -> None:
        async with db.engine.connect() as connection:
            version.append(await _version(connection))

    postgresql = await _part("postgresql", ask)
    if postgresql != "ok":
        return postgresql, "down"
    return "ok", "ok" if version[0] == migrate.head() else "behind"


async def _version(connection: AsyncConnection) -> str | None:
    return await connection.run_sync(migrate.current)


async def _part(name: str, check: Callable[[], Awaitable[None]]) -> Part:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            await check()
    except Exception as error:  # noqa: BLE001 - whatever it is, the part is not there
        log.warning("part_not_ready", part=name, error=type(error).__name__)
        return "down"
    return "ok"


class Temporal:
    """Asks Temporal's frontend whether it serves; connects at the first question, and keeps the connection."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Client | None = None

    async def __call__(self) -> None:
        """Raises whatever is wrong."""
        client = self._client = self._client or await self._connect()
        if not await client.service_client.check_health(timeout=timedelta(seconds=CHECK_TIMEOUT_S)):
            message = "Temporal's frontend does not serve"
            raise ConnectionError(message)

    async def _connect(self) -> Client:
        # Imported here: taking events in does not need it, and it is the heaviest library of all.
        from temporalio.client import Client

        settings = self._settings
        key = settings.temporal_api_key
        return await Client.connect(
            settings.temporal_address or f"127.0.0.1:{settings.temporal_port}",
            namespace=settings.temporal_namespace,
            api_key=key.get_secret_value() if key else None,
            tls=settings.temporal_tls,
            lazy=True,
        )
