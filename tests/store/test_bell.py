"""Dispatch is woken soon, and seldom."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from store.bell import CHANNEL, QUIET_S, Bell
from store.db import Database


@pytest.fixture
async def listener(database_url: str) -> psycopg.AsyncConnection:
    url = database_url.replace("postgresql+psycopg://", "postgresql://")
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    await connection.execute(f"LISTEN {CHANNEL}")
    return connection


async def heard(listener: psycopg.AsyncConnection, seconds: float) -> int:
    return len([notice async for notice in listener.notifies(timeout=seconds)])


async def test_hundreds_of_events_are_a_few_notices(db: Database, listener: psycopg.AsyncConnection) -> None:
    bell = Bell(db)
    bell.start()
    began = asyncio.get_running_loop().time()
    for _ in range(300):
        bell.ring()
        await asyncio.sleep(0.002)
    took = asyncio.get_running_loop().time() - began
    notices = await heard(listener, 0.5)
    assert 1 <= notices <= 2 + took / QUIET_S
    bell.ring()
    assert await heard(listener, 0.5) == 1
    await bell.aclose()
    await listener.close()


async def test_a_bell_that_nobody_hears_does_not_stop_the_house() -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:9/none")
    bell = Bell(away)
    bell.start()
    bell.ring()
    await asyncio.sleep(QUIET_S * 2)
    bell.ring()
    await bell.aclose()
    await away.aclose()
