"""What is read off while something runs: the server's own counters, and processes' time and memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

START = "grpc_StartWorkflowExecution"
TIMER = "command_StartTimer"
ACTIVITY = "command_ScheduleActivityTask"
SIGNAL = "grpc_SignalWorkflowExecution"
NAMESPACE = "default"
MIB = 1024 * 1024
PUBLISHED_EVERY_S = 1.5


async def actions(http: httpx.AsyncClient, metrics_url: str) -> Counter[str]:
    """Temporal's own count of actions so far, by type: its metric `action`, without its internal workflows.

    The server publishes its counters about once a second, so it is read until it stays the same.
    """
    found = await counted(http, metrics_url)
    while True:
        await asyncio.sleep(PUBLISHED_EVERY_S)
        again = await counted(http, metrics_url)
        if again == found:
            return found
        found = again


async def counted(http: httpx.AsyncClient, metrics_url: str) -> Counter[str]:
    """The same as the server published it last, which may be a second ago."""
    page = (await http.get(metrics_url)).raise_for_status().text
    found: Counter[str] = Counter()
    # The page has thousands of lines, which take longer to read than what is measured may be disturbed.
    ours = "\n".join(line for line in page.splitlines() if line.startswith("action"))
    for family in text_string_to_metric_families(ours):
        for sample in family.samples:
            if sample.name in {"action", "action_total"} and sample.labels.get("namespace") == NAMESPACE:
                found[sample.labels["action_type"]] += int(sample.value)
    return found


def cpu_s(pid: int) -> float:
    """User and system seconds of a process and of all its children, also those that have ended."""
    process = psutil.Process(pid)
    return sum(_time(each) for each in (process, *process.children(recursive=True)))


def _time(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(sum((times.user, times.system, times.children_user, times.children_system)))
    return 0.0


def resident_mib(pid: int) -> float:
    """Resident memory of one process."""
    return float(psutil.Process(pid).memory_info().rss) / MIB


def by_millisecond(seconds: Iterable[float]) -> list[float]:
    """Seconds as milliseconds."""
    return [each * 1000 for each in seconds]
