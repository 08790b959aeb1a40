"""Fetches or builds Temporal's two servers and Stripe's mock before the tests need them: `python -m embedded.servers`.

On a machine that has none, building takes minutes, which no test's time limit should have to allow for.
"""

from __future__ import annotations

import asyncio
import sys

import settings
from domain.errors import PerennialError
from embedded.exit import leave
from embedded.progress import Progress
from embedded.stripe_mock import find_stripe_mock
from embedded.temporal import find_cli
from embedded.testserver import find_test_server


async def fetch() -> None:
    """One after the other. Raises CannotStart with what to do."""
    say = Progress()
    await find_cli(settings.load().temporal_cli, say)
    await find_test_server(say)
    await find_stripe_mock(say)


def main() -> None:
    """The process's entry."""
    try:
        asyncio.run(fetch())
    except PerennialError as error:
        sys.stderr.write(f"{error}\n")
        leave(1)
    leave(0)


if __name__ == "__main__":
    main()
