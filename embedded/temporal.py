"""Temporal's dev server: where it comes from, and how it runs here."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from embedded.cache import build, cache_folder, one_at_a_time, sdk_download
from embedded.errors import CannotStart
from embedded.folder import MARK
from embedded.ports import LOOPBACK, free_port
from embedded.processes import Child
from embedded.progress import Say

# The newest that `go install` accepts: later ones carry replace directives.
GO_MODULE = "github.com/temporalio/cli/cmd/temporal@v1.5.1"
SEARCH_ATTRIBUTES = ("ContactId", "Sequence", "Brand", "Status")
START_WITHIN_S = 60.0
# One partition a task queue: the marketing lane's rate is then one limit, not four parts of it.
DYNAMIC_CONFIG = ("matching.numTaskqueueReadPartitions=1", "matching.numTaskqueueWritePartitions=1")


@dataclass(frozen=True, slots=True)
class Temporal:
    """A running dev server. `metrics_url` is the server's own Prometheus page."""

    child: Child
    address: str
    ui_url: str
    metrics_url: str

    async def stop(self) -> None:
        """Stop it; its file keeps every workflow."""
        await self.child.stop(signal.SIGTERM, patience_s=15)


async def find_cli(configured: Path | None, say: Say) -> Path:
    """The program `temporal`: configured, on PATH, in our cache, from the SDK, or built with Go; else CannotStart."""
    if configured is not None:
        if shutil.which(configured) is None:
            raise CannotStart(f"PERENNIAL_TEMPORAL_CLI is {configured}, which is not a program that can be run.")
        return configured
    if on_path := shutil.which("temporal"):
        return Path(on_path)
    cached = cache_folder() / "bin" / "temporal"
    if cached.exists():
        return cached
    async with one_at_a_time("temporal"):
        if cached.exists():
            return cached
        say("Looking for Temporal's dev server: not on PATH and not in the cache, so it is downloaded once")
        if downloaded := await sdk_download("dev"):
            return downloaded
        return await _build_cli(cached, say)


async def start_temporal(
    cli: Path, data_dir: Path, logs: Path, *, port: int, ui_port: int, metrics_port: int | None = None
) -> Temporal:
    """Start the server on loopback with its UI and a file of its own, and wait until it answers."""
    home = data_dir / "temporal"
    home.mkdir(mode=0o700, exist_ok=True)
    metrics_port = metrics_port or free_port()
    command: list[str | Path] = [
        *(cli, "server", "start-dev", "--ip", LOOPBACK, "--port", str(port), "--ui-port", str(ui_port)),
        *("--db-filename", home / "temporal.db", "--metrics-port", str(metrics_port), "--log-level", "error"),
        *(part for name in SEARCH_ATTRIBUTES for part in ("--search-attribute", f"{name}=Keyword")),
        *(part for value in DYNAMIC_CONFIG for part in ("--dynamic-config-value", value)),
    ]
    child = Child.start(
        "temporal", command, logs=logs, environment={**_environment(), MARK: str(data_dir)}, folder=home
    )
    try:
        await _answers(child, cli, f"{LOOPBACK}:{port}")
    except BaseException:
        await child.stop()
        raise
    return Temporal(
        child=child,
        address=f"{LOOPBACK}:{port}",
        ui_url=f"http://{LOOPBACK}:{ui_port}",
        metrics_url=f"http://{LOOPBACK}:{metrics_port}/metrics",
    )


def _environment() -> dict[str, str]:
    """Ours without what speaks of another server: a key for the cloud would turn TLS on towards this one."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}


async def _answers(child: Child, cli: Path, address: str) -> None:
    deadline_s = time.monotonic() + START_WITHIN_S
    while child.status is None and time.monotonic() < deadline_s:
        asked = await asyncio.create_subprocess_exec(
            *(cli, "operator", "namespace", "describe", "-n", "default", "--address", address),
            env=_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        if await asked.wait() == 0:
            return
        await asyncio.sleep(0.1)
    raise CannotStart(f"Temporal's dev server does not start: {child.last_words()} (see {child.log}).")


async def _build_cli(target: Path, say: Say) -> Path:
    """Build it with Go into our cache."""
    go = shutil.which("go")
    if go is None:
        raise CannotStart(
            "Temporal's dev server is missing and cannot be downloaded from here: install the Temporal CLI so that "
            "`temporal` is on PATH (or set PERENNIAL_TEMPORAL_CLI to it), or install Go and start again."
        )
    say("The download cannot be reached, so Temporal's dev server is built with Go: about six minutes, once")
    fresh = target.parent / "fresh"
    fresh.mkdir(parents=True, exist_ok=True)
    command = [go, "install", "-trimpath", "-ldflags", "-s -w", GO_MODULE]
    failure = await build("go-install", command, fresh, say, {"GOBIN": str(fresh), "GOFLAGS": "-mod=mod"})
    if failure is not None:
        raise CannotStart(f"Temporal's dev server could not be built with `go install {GO_MODULE}`: {failure}")
    (fresh / "temporal").replace(target)
    say("Temporal's dev server is built and kept in the cache")
    return target
