"""Who calls the API in these tests, and what they leave behind in the rows."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

PUBLIC_URL = "http://perennial.test"
SECRET = "a-secret-of-the-tests-that-signs-links"


def caller(app: FastAPI, key: str | None = None, *, ip: str = "192.0.2.1") -> httpx.AsyncClient:
    """A client in this process; each has an address of its own choice."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    transport = httpx.ASGITransport(app, client=(ip, 40_000))
    return httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers)


def somebody() -> str:
    """An address that no other test uses."""
    return f"{uuid4().hex}@example.com"


async def contact_of(client: httpx.AsyncClient, email: str) -> dict[str, Any]:
    """The contact of an address, as the API gives it."""
    answer = await client.get("/v1/contacts", params={"email": email})
    [found] = answer.json()["items"]
    assert isinstance(found, dict)
    return found


async def timeline_of(client: httpx.AsyncClient, email: str) -> list[dict[str, Any]]:
    """Everything that happened to a person, from one page."""
    contact = await contact_of(client, email)
    items = (await client.get(f"/v1/contacts/{contact['id']}/timeline", params={"limit": 200})).json()["items"]
    assert isinstance(items, list)
    return items


async def heard_of(client: httpx.AsyncClient, email: str) -> list[dict[str, Any]]:
    """What others told of a person: everything that happened without our own events."""
    lines = await timeline_of(client, email)
    return [line for line in lines if line["details"].get("source") != "perennial"]
