"""People in front of the dashboard: who signs in, and posts forms as a browser without JavaScript does."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape

import httpx
from fastapi import FastAPI
from playwright.async_api import Page

PASSWORD = "correct horse battery"
_TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]+)"')


def address_of(role: str) -> str:
    """The address with which the person of that role signs in."""
    return f"{role}@perennial.example"


class Person:
    """A signed-in browser without JavaScript."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.token = ""

    async def opens(self, path: str, *, status: int = 200) -> str:
        """The page's HTML, which must answer with that status."""
        answer = await self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:500])
        if found := _TOKEN.search(answer.text):
            self.token = found[1]
        return answer.text

    async def posts(self, path: str, **fields: str | list[str]) -> httpx.Response:
        """The answer to a form, not followed where it leads on."""
        return await self.posts_without_token(path, csrf_token=self.token, **fields)

    async def posts_without_token(self, path: str, **fields: str | list[str]) -> httpx.Response:
        """As another site's page would make the browser do."""
        return await self.client.post(path, data=fields, headers={"origin": "http://perennial.test"})


@asynccontextmanager
async def signed_in(app: FastAPI, email: str) -> AsyncIterator[Person]:
    """Somebody who has just signed in."""
    transport = httpx.ASGITransport(app, client=("192.0.2.9", 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://perennial.test") as client:
        answer = await client.post("/sign-in", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        person = Person(client)
        await person.opens("/")
        yield person


def text_of(html: str) -> str:
    """What a page says, without its tags."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))


async def sign_in(page: Page, site: str, email: str) -> None:
    """Through the form, as a person does."""
    await page.goto(f"{site}/sign-in")
    await page.fill("#email", email)
    await page.fill("#password", PASSWORD)
    await page.click("button.primary")
    await page.wait_for_url(f"{site}/")
