"""Requests one after the other over kept connections, by hand: a client that takes less time than what it measures."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlsplit


async def hammer(url: str, *, clients: int, each: int) -> tuple[float, list[float]]:
    """How long all requests took, and each one (seconds). Raises AssertionError for an answer that is not 200."""
    begun_s = time.perf_counter()
    spans = await asyncio.gather(*(_client(url, each) for _ in range(clients)))
    return time.perf_counter() - begun_s, [span for mine in spans for span in mine]


async def _client(url: str, times: int) -> list[float]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    spans = []
    try:
        for _ in range(times):
            begun_s = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head[:200]
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            spans.append(time.perf_counter() - begun_s)
    finally:
        writer.close()
        await writer.wait_closed()
    return spans
