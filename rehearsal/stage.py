"""The production worker on Temporal's time-skipping server, with every process's time at the server's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import temporalio.client
import temporalio.worker
from sqlalchemy import text
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

import starts
from activities.build import Vendors, build
from dispatch import Dispatch
from domain.errors import PerennialError
from domain.marketing import Marketing
from embedded.progress import quiet
from embedded.testserver import start_test_server
from engine import data_converter
from providers.crm.local import LocalCrm
from providers.llm.offline import OfflineWriter
from providers.mail.outbox import OutboxMailProvider
from providers.payments.local import LocalPayments
from providers.platform.local import LocalPlatform
from providers.social.local import LocalSocial
from providers.webhooks import OutgoingWebhooks, signing_secret
from settings import Settings
from store.base import Ahead
from store.db import Database
from store.instance import settle_clock
from store.sequences import Definitions
from worker import Wiring, workers

# More than any story has to say at one moment.
TURNS = 50
# Keys are leased by the database's own time, which does not skip.
_AT_ONCE = text("UPDATE inbox_keys SET retry_at = '-infinity' WHERE last_seq > done_seq")


class Stuck(PerennialError):
    """Dispatch does not come to an end."""

    code = "stuck"


@dataclass
class Keeper(temporalio.client.Interceptor, temporalio.worker.Interceptor):
    """Keeps this process at the server's time, and carries out what was written while that time stands still.

    The server skips time only where no activity runs: so what an activity wrote has been routed before anything else
    comes due.
    """

    env: WorkflowEnvironment | None = None
    dispatch: Dispatch | None = None
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Wrap the next interceptor."""
        return _Kept(next, self)

    async def sync(self) -> datetime:
        """Take over the server's time."""
        assert self.env is not None
        moment = (await self.env.get_current_time()).astimezone(UTC)
        Ahead.span = moment - datetime.now(UTC)
        return moment

    async def drain(self) -> None:
        """Route everything that is waiting."""
        assert self.dispatch is not None
        async with self._one:
            for _ in range(TURNS):
                async with self.dispatch.db.transaction() as tx:
                    await tx.execute(_AT_ONCE)
                if not await self.dispatch.turn():
                    return
        raise Stuck("What came in could not be carried out; the log says why.")


class _Kept(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, keeper: Keeper) -> None:  # noqa: A002 - the SDK's name
        super().__init__(next)
        self._keeper = keeper

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401 - the SDK's signature
        await self._keeper.sync()
        result = await super().execute_activity(input)
        await self._keeper.drain()
        return result


@dataclass(frozen=True, slots=True)
class Stage:
    """What a rehearsal is played on."""

    db: Database
    marketing: Marketing
    env: WorkflowEnvironment
    keeper: Keeper
    wiring: Wiring

    async def until(self, moment: datetime) -> None:
        """Let time pass, by leaps where nothing comes due."""
        left = moment - await self.keeper.sync()
        if left > timedelta(0):
            await self.env.sleep(left)
        await self.keeper.sync()


@asynccontextmanager
async def stage(
    settings: Settings, marketing: Marketing, db: Database, begins_at: datetime | None
) -> AsyncIterator[Stage]:
    """The worker's own parts with providers that reach nobody."""
    keeper = Keeper()
    async with AsyncExitStack() as stack:
        env = await _server(keeper, stack)
        keeper.env = env
        if begins_at is not None and (left := begins_at - await keeper.sync()) > timedelta(0):
            await env.sleep(left)
        await keeper.sync()
        async with db.transaction() as tx:
            clock = await settle_clock(tx, None)
        definitions = Definitions()
        keeper.dispatch = Dispatch(db, env.client, marketing, definitions, clock)
        wiring = Wiring(settings, db, env.client, clock, marketing, definitions)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=httpx.MockTransport(_nobody)))
        mail = OutboxMailProvider(db, clock, marketing)
        nowhere = Vendors(
            mail={"transactional": mail, "marketing": mail},
            crm=LocalCrm(db),
            platform=LocalPlatform(db),
            payments=LocalPayments(db),
            social=LocalSocial(db),
            chats=[],
            writer=OfflineWriter(),
            webhooks=OutgoingWebhooks(http, signing_secret("a rehearsal signs for nobody")),
        )
        activities = build(settings, db, clock, marketing, definitions, nowhere)
        stack.push_async_callback(activities.aclose)
        for one in workers(wiring, activities):
            await stack.enter_async_context(one)
        yield Stage(db, marketing, env, keeper, wiring)


async def _server(keeper: Keeper, stack: AsyncExitStack) -> WorkflowEnvironment:
    quietly = TelemetryConfig(logging=LoggingConfig(filter=TelemetryFilter("ERROR", "ERROR")))
    env = await start_test_server(quiet, data_converter(), interceptors=[keeper], runtime=Runtime(telemetry=quietly))
    stack.push_async_callback(env.shutdown)
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    known = {one.name: keyword for one in (starts.CONTACT_ID, starts.SEQUENCE, starts.BRAND)}
    wanted = AddSearchAttributesRequest(namespace=env.client.namespace, search_attributes=known)
    await env.client.operator_service.add_search_attributes(wanted)
    return env


def _nobody(_: httpx.Request) -> httpx.Response:
    """Every webhook is taken, and goes nowhere."""
    return httpx.Response(204)
