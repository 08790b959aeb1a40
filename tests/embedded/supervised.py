"""A whole supervisor with a small API and worker in place of ours: `python -m tests.embedded.supervised`."""

from __future__ import annotations

import asyncio
import os
import sys

import settings
from domain.errors import PerennialError
from embedded.exit import leave
from embedded.progress import Progress
from embedded.signals import until_told
from embedded.supervisor import Programs, running

API = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(json.dumps({"pid": os.getpid()}).encode())
    def log_message(self, *a): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
"""
WORKER = """
import json, os, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
names = ("DATABASE_URL", "TEMPORAL_ADDRESS", "PERENNIAL_SECRET_KEY", "PERENNIAL_DAY_SECONDS")
pathlib.Path(os.environ["PERENNIAL_DATA_DIR"], "given.json").write_text(json.dumps({n: os.environ[n] for n in names}))
while True: time.sleep(0.1)
"""


def no_migrations(url: str) -> None:
    """Stands in for them; the supervisor's order is what is looked at here."""
    del url


PROGRAMS = Programs(api=("-c", API), worker=("-c", WORKER), migrate=no_migrations)


async def serve(found: settings.Settings) -> None:
    """Be up until told."""
    async with running(found, say=Progress(), programs=PROGRAMS) as up:
        pids = {name: up.pid(name) for name in up.services}
        sys.stdout.write(f"READY {os.getpid()} {pids}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


async def main() -> None:
    """The process's work."""
    await until_told(serve(settings.load()), Progress())


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except PerennialError as error:
        sys.stdout.write(f"{error}\n")
        leave(1)
    leave(0)
