"""How a process that has used Temporal's client ends."""

from __future__ import annotations

import atexit
import logging
import os
import sys
from typing import NoReturn


def leave(status: int) -> NoReturn:
    """End this process with its own status, after its clean-up and before the interpreter's teardown.

    With temporalio 1.35 and CPython 3.11 a process that ends right after using the client can abort or
    crash while the interpreter is taken down, when all its work is done (SDK issue 300): the native
    runtime's threads still call into it. So we run what `exit` would run for us (registered functions,
    logging, buffers), and then end without that teardown. This is the only place that does.
    """
    # The interpreter itself calls this at exit; there is no public name for it.
    atexit._run_exitfuncs()  # noqa: SLF001 # see above
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # whoever read us has gone, and that is no failure of ours
            continue
    os._exit(status)
