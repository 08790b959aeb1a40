"""Every test here can ask for `kit`, and then runs once for each vendor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from api.webhooks import SOURCES
from tests.api.webhooks.kits import NOW, Kit, make_kit


@pytest.fixture(params=sorted(SOURCES))
def kit(request: pytest.FixtureRequest) -> Kit:
    return make_kit(request.param)


@pytest.fixture(autouse=True)
def _stopped_clock() -> Iterator[None]:
    """The system's clock stands at NOW: standardwebhooks looks at it besides the time that it is given."""
    with time_machine.travel(NOW, tick=False):
        yield
