"""A worker process of the same kind as ours (sandbox, cache, connection) for what ours is compared with.

It serves two queues: bare journeys, and our own `ContactSequence` with an empty activity in place of what its
steps do.
"""

from __future__ import annotations

import asyncio
import signal

from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import logs
import settings as environment
from activities.errors import CodesOnly
from bench.bare import EMPTY_QUEUE, QUEUE, Bare, empty_step, nothing
from embedded.exit import leave
from engine import connect
from settings import Settings
from worker import GRACE, PASSED_THROUGH
from workflows.contact_sequence import ContactSequence


def sandbox() -> SandboxedWorkflowRunner:
    """The worker's own sandbox; what holds the bare workflow is passed through as our workflows are."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH, "bench")
    )


async def _main(settings: Settings) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    client = await connect(settings)

    def worker(queue: str, of: type, does: object) -> Worker:
        return Worker(
            client,
            task_queue=queue,
            workflows=[of],
            activities=[does],  # type: ignore[list-item] # an activity's type is its own
            workflow_runner=sandbox(),
            max_cached_workflows=settings.workflow_cache,
            max_concurrent_activities=50,
            interceptors=[CodesOnly()],
            graceful_shutdown_timeout=GRACE,
        )

    async with worker(QUEUE, Bare, nothing), worker(EMPTY_QUEUE, ContactSequence, empty_step):
        await stop.wait()


if __name__ == "__main__":
    logs.configure("WARNING")
    asyncio.run(_main(environment.load()))
    leave(0)
