"""An SMTP server that takes everything and keeps nothing: `python -m bench.sink PORT`."""

from __future__ import annotations

import asyncio
import signal
import sys

from aiosmtpd.smtp import SMTP

from embedded.ports import LOOPBACK


class Sink:
    """Says yes."""

    async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - aiosmtpd's name
        """Taken."""
        return "250 OK"


async def main(port: int) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    server = await loop.create_server(lambda: SMTP(Sink(), hostname="sink.example"), LOOPBACK, port)
    async with server:
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
