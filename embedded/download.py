"""`python -m embedded.download {dev|test} FOLDER`: let Temporal's SDK fetch one of its servers into a folder.

A process of its own, so that it can be given up at any moment.
"""

from __future__ import annotations

import asyncio
import sys

from temporalio.testing import WorkflowEnvironment

from embedded.exit import leave


async def download(kind: str, folder: str) -> None:
    """Start and stop the server once: the SDK has no other way to ask for the file."""
    if kind == "dev":
        environment = await WorkflowEnvironment.start_local(download_dest_dir=folder)
    else:
        environment = await WorkflowEnvironment.start_time_skipping(download_dest_dir=folder)
    await environment.shutdown()


def main() -> None:
    """Exit status 0 when the file is there."""
    try:
        asyncio.run(download(sys.argv[1], sys.argv[2]))
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        leave(1)
    leave(0)


if __name__ == "__main__":
    main()
