"""A worker process: connect, build activities, register, dispatch, run until told to stop.

Start as many as the work needs: `python -m worker`. They share the work through Temporal's task queues
and the inbox's leases.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import httpx
import structlog
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import logs
import settings as environment
from activities.build import Activities, Vendors, build, feed_watch, text_of, vendors
from activities.errors import CodesOnly
from configuration import load_marketing, load_sequences
from dispatch import Dispatch
from domain import names
from domain.clock import Clock
from domain.marketing import Marketing
from embedded.exit import leave
from engine import connect
from reconcile import Reconciler
from settings import Settings, SettingsError
from store import engagement_sweep, sequences
from store.db import Database
from store.instance import settle_clock
from store.listening import Ear
from store.pauses import PauseSweep
from store.retention import Retention
from store.segment_entry import Sweep
from store.sequences import Definitions
from workflows.asset_draft import AssetDraft
from workflows.atomization import Atomization
from workflows.brand_launch import BrandLaunch
from workflows.campaign import Campaign
from workflows.cart_recovery import CartRecovery
from workflows.contact_import import ContactImport
from workflows.contact_sequence import ContactSequence
from workflows.content_approval import ContentApproval
from workflows.engagement_sweep import EngagementSweep
from workflows.erasure import Erasure
from workflows.lead_intake import LeadIntake
from workflows.order_intake import OrderIntake
from workflows.personalization import Personalization
from workflows.rehearsal import Rehearsal
from workflows.sequence_change import SequenceChange
from workflows.source_reading import SourceReading
from workflows.team_notice import TeamNotice
from workflows.webinar import Webinar
from workflows.webinar_registration import WebinarRegistration

log = structlog.get_logger("worker")

WORKFLOWS = [
    ContactSequence,
    CartRecovery,
    ContentApproval,
    AssetDraft,
    TeamNotice,
    Atomization,
    BrandLaunch,
    LeadIntake,
    OrderIntake,
    Personalization,
    ContactImport,
    Campaign,
    SequenceChange,
    SourceReading,
    EngagementSweep,
    Rehearsal,
    Webinar,
    WebinarRegistration,
    Erasure,
]
# Our own modules and libraries are deterministic where workflows use them; loading them again for each run
# would cost a third of a worker's time.
PASSED_THROUGH = ("domain", "workflows", "pydantic", "pydantic_core", "annotated_types", "typing_extensions", "tzdata")
GRACE = timedelta(seconds=5)
RETRY_CONNECT_S = 1.0


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the parts of a worker share."""

    settings: Settings
    db: Database
    client: Client
    clock: Clock
    marketing: Marketing
    definitions: Definitions


def sandbox() -> SandboxedWorkflowRunner:
    """The workflow sandbox with our own modules passed through."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


def workers(wiring: Wiring, activities: Activities) -> list[Worker]:
    """One for workflows and the outside, one a lane for mail."""
    return [
        Worker(
            wiring.client,
            task_queue=names.MAIN_QUEUE,
            workflows=WORKFLOWS,
            activities=activities.main,
            workflow_runner=sandbox(),
            max_cached_workflows=wiring.settings.workflow_cache,
            max_concurrent_activities=50,
            interceptors=[CodesOnly()],
            graceful_shutdown_timeout=GRACE,
        ),
        _mail_lane(wiring, activities, names.TRANSACTIONAL_QUEUE, None),
        _mail_lane(wiring, activities, names.MARKETING_QUEUE, _marketing_rate_per_s(wiring)),
    ]


def _marketing_rate_per_s(wiring: Wiring) -> float:
    """The hourly limit as the queue counts, in real seconds of a virtual hour, so that what is over it comes later.

    The queue only smooths; that no hour has more is seen to by the claim (store/hourly.py).
    """
    return wiring.marketing.limits.marketing_emails_per_hour / 3600 * wiring.clock.factor


def _mail_lane(wiring: Wiring, activities: Activities, queue: str, rate_per_s: float | None) -> Worker:
    return Worker(
        wiring.client,
        task_queue=queue,
        activities=activities.mail,
        max_concurrent_activities=20,
        max_task_queue_activities_per_second=rate_per_s,
        interceptors=[CodesOnly()],
        graceful_shutdown_timeout=GRACE,
    )


def database_url(settings: Settings) -> str:
    """Where PostgreSQL is. Raises SettingsError where nobody said."""
    if settings.database_url is None:
        message = "DATABASE_URL is not set: `perennial up` starts an embedded PostgreSQL and sets it for its workers."
        raise SettingsError(message)
    return settings.database_url.get_secret_value()


async def prepare(settings: Settings) -> Wiring:
    """Read the configuration, settle the clock, publish the sequences, connect; waits for what is not up yet."""
    marketing = settings.applied(load_marketing(settings.config_dir))
    found = load_sequences(settings.config_dir)
    db = Database(database_url(settings), secret=text_of(settings.secret_key))
    async with db.transaction() as tx:
        clock = await settle_clock(tx, settings.day_seconds)
        changed = await sequences.publish(tx, found)
        retired = await sequences.retire(tx, [sequence.sequence for sequence in found])
        await engagement_sweep.adopt(tx, marketing.engagement)
    log.info("sequences_published", changed=len(changed), of=len(found), retired=len(retired))
    return Wiring(settings, db, await connected(settings), clock, marketing, Definitions())


async def connected(settings: Settings) -> Client:
    """A client, once Temporal can be reached, however long that takes."""
    while True:
        try:
            return await connect(settings)
        except RuntimeError:
            log.warning("waiting_for_temporal")
            await asyncio.sleep(RETRY_CONNECT_S)


async def serve(wiring: Wiring, chosen: Vendors, stop: asyncio.Event) -> None:
    """Work until `stop` is set, then finish what is under way."""
    activities = build(wiring.settings, wiring.db, wiring.clock, wiring.marketing, wiring.definitions, chosen)
    ear = Ear(database_url(wiring.settings))
    dispatch = Dispatch(wiring.db, wiring.client, wiring.marketing, wiring.definitions, wiring.clock)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(activities.aclose)
        for one in workers(wiring, activities):
            await stack.enter_async_context(one)
        ear.start()
        stack.push_async_callback(ear.aclose)
        log.info("worker_ready")
        sweep = Sweep(wiring.db, wiring.definitions, wiring.clock)
        reconciler = Reconciler(wiring.db, wiring.client)
        watch = feed_watch(wiring.db, wiring.clock, wiring.marketing)
        stack.push_async_callback(watch.reader.aclose)
        pauses = PauseSweep(wiring.db)
        retention = Retention(wiring.db, wiring.marketing.compliance.retention_days)
        jobs = (reconciler, sweep, watch, pauses, retention)
        await asyncio.gather(dispatch.run(ear, stop), *(job.run(stop) for job in jobs))


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """A whole worker, from settings to a clean end."""
    wiring = await prepare(settings)
    async with httpx.AsyncClient(timeout=10) as client:
        chosen = vendors(settings, wiring.db, wiring.clock, wiring.marketing, client)
        await serve(wiring, chosen, stop)
    await wiring.db.aclose()


async def _main(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await run(settings, stop)


def main() -> None:
    """The process's entry."""
    logs.configure()
    asyncio.run(_main(environment.load()))
    leave(0)


if __name__ == "__main__":
    main()
