"""One running product for all faults, at the end of a test run: what they break disturbs nobody then."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.faults.ground import Ground, ground
from tests.faults.kit import SEED, Verdict
from tests.leftovers import new_folder, remove_folder, sweep

VERDICTS = pytest.StashKey[list[Verdict]]()
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: HERE in item.path.parents)


@pytest.fixture(scope="session")
async def product() -> AsyncIterator[Ground]:
    """PostgreSQL, Temporal, three workers and two APIs as processes, and a mail provider that writes down."""
    await sweep()
    folder = new_folder("faults")
    try:
        async with ground(folder) as found:
            yield found
    finally:
        await remove_folder(folder)


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[Verdict], None]:
    """Print what came of a fault, now and at the end of the run."""

    def told(verdict: Verdict) -> None:
        sys.stdout.write(f"{verdict}\n")
        request.config.stash.setdefault(VERDICTS, []).append(verdict)

    return told


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    verdicts = config.stash.get(VERDICTS, [])
    if verdicts:
        terminalreporter.section(f"faults (PERENNIAL_SEED={SEED})")
        for verdict in verdicts:
            terminalreporter.line(str(verdict))
