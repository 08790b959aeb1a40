"""Temporal's time-skipping test server, for tests and rehearsals: a workflow that waits for weeks runs in a second."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import temporalio.client
from temporalio.converter import DataConverter
from temporalio.runtime import Runtime
from temporalio.testing import WorkflowEnvironment

from embedded.cache import build, cache_folder, one_at_a_time, sdk_download
from embedded.errors import CannotStart
from embedded.progress import Say

# A Java program: on a busy machine it needs far more than the five seconds that the SDK gives it. Whatever else keeps
# it from answering, such as a port that somebody took at that moment, is over with the next attempt.
START_WITHIN, ATTEMPTS = timedelta(seconds=30), 3
ARTIFACT = ("io.temporal", "temporal-test-server", "1.32.1")
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>perennial</groupId><artifactId>test-server</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>{0}</groupId><artifactId>{1}</artifactId><version>{2}</version></dependency>
  </dependencies>
</project>
"""
LAUNCHER = """#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$(dirname "$0")/lib/*" io.temporal.testserver.TestServer "$@"
"""


async def start_test_server(
    say: Say,
    data_converter: DataConverter,
    *,
    interceptors: Sequence[temporalio.client.Interceptor] = (),
    runtime: Runtime | None = None,
) -> WorkflowEnvironment:
    """The server, with a client as told. Raises CannotStart where it does not run after a few attempts."""
    program = await find_test_server(say)
    for _ in range(ATTEMPTS):
        try:
            return await WorkflowEnvironment.start_time_skipping(
                data_converter=data_converter,
                interceptors=interceptors,
                runtime=runtime,
                test_server_existing_path=str(program),
                test_server_startup_timeout=START_WITHIN,
            )
        except RuntimeError as error:
            failure = error
            say(f"Temporal's time-skipping server did not start ({error})")
    raise CannotStart(f"Temporal's time-skipping server does not start: look whether {program} runs.") from failure


async def find_test_server(say: Say) -> Path:
    """A program for `WorkflowEnvironment.start_time_skipping(test_server_existing_path=…)`; else CannotStart."""
    _, name, version = ARTIFACT
    folder = cache_folder() / f"{name}-{version}"
    launcher = folder / name
    if launcher.exists():
        return launcher
    async with one_at_a_time("test-server"):
        if launcher.exists():
            return launcher
        if downloaded := await sdk_download("test"):
            return downloaded
        maven = shutil.which("mvn")
        if maven is None or shutil.which("java") is None:
            raise CannotStart(
                "Temporal's test server cannot be downloaded from here: install Java and Maven and try again, "
                "as with `apt-get install -y default-jre-headless maven`."
            )
        say("Fetching Temporal's time-skipping test server with Maven, once")
        fresh = _project(folder)
        failure = await build("maven", [maven, "-q", "-B", COPY, "-DoutputDirectory=lib"], fresh, say, {})
        if failure is not None:
            shutil.rmtree(fresh)
            raise CannotStart(f"Temporal's test server could not be fetched with `mvn {COPY}`: {failure}")
        fresh.replace(folder)
    return launcher


def _project(folder: Path) -> Path:
    """A folder beside the final one with a project for Maven and the program that starts what it fetches."""
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".test-server-"))
    (fresh / "pom.xml").write_text(POM.format(*ARTIFACT))
    launcher = fresh / ARTIFACT[1]
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)
    return fresh
