"""Reads the product through its API, as anybody with a key can, and decides on drafts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from demo.calendar import Unheld

TRIES, PAUSE_S = 4, 0.5
Json = dict[str, Any]


class Api:
    """`keys` are API keys by the name of who holds them; the first one reads."""

    def __init__(self, http: httpx.AsyncClient, keys: Mapping[str, str]) -> None:
        self._http, self._keys = http, keys
        self._reader = next(iter(keys.values()))
        self._ids: dict[str, str] = {}

    async def get(self, path: str, **query: str | int) -> Json:
        """One GET, tried again while the API is away. Raises Unheld where the answer is no success."""
        said = ""
        for _ in range(TRIES):
            try:
                answer = await self._http.get(path, params=query, headers=_bearer(self._reader))
            except httpx.TransportError as error:
                said = type(error).__name__
            else:
                if answer.is_success:
                    found: Json = answer.json()
                    return found
                said = str(answer.status_code)
                if answer.is_client_error:
                    break
            await asyncio.sleep(PAUSE_S)
        message = f"GET {path} was answered {said}"
        raise Unheld(message)

    async def status(self, path: str) -> int:
        """How a page answers a stranger."""
        return (await self._http.get(path)).status_code

    async def all(self, path: str, **query: str | int) -> list[Json]:
        """Every item of a list, through all of its pages."""
        page = await self.get(path, limit=200, **query)
        items: list[Json] = page["items"]
        while page["next"]:
            page = await self.get(path, limit=200, cursor=page["next"], **query)
            items += page["items"]
        return items

    async def contact(self, email: str) -> Json | None:
        """The person of an address, where there is one."""
        found = await self.get("/v1/contacts", email=email)
        return found["items"][0] if found["items"] else None

    async def id_of(self, email: str) -> str:
        """Our id of the person. Raises Unheld where nobody is known by the address."""
        if email not in self._ids:
            contact = await self.contact(email)
            if contact is None:
                message = f"nobody is known by {email}"
                raise Unheld(message)
            self._ids[email] = contact["id"]
        return self._ids[email]

    async def timeline(self, email: str) -> list[Json]:
        """All that happened to a person, the oldest first."""
        return await self.all(f"/v1/contacts/{await self.id_of(email)}/timeline")

    async def journeys(self, email: str, sequence: str) -> list[Json]:
        """A person's journeys in one sequence, the oldest first."""
        rows = await self.all(f"/v1/contacts/{await self.id_of(email)}/journeys")
        return [row for row in reversed(rows) if row["sequence"] == sequence]

    async def messages(self, email: str, sequence: str = "") -> list[Json]:
        """A person's messages with their words, in the order in which they were due; of one sequence where given."""
        rows = await self.all(f"/v1/contacts/{await self.id_of(email)}/messages")
        wanted = [row for row in rows if sequence in {"", row["sequence"]}]
        full = [await self.get(f"/v1/messages/{row['id']}") for row in wanted]
        return sorted(full, key=lambda row: (row["due_at"], row["created_at"]))

    async def sent(self, email: str, sequence: str = "") -> list[Json]:
        """Those of a person's messages that went out."""
        return [row for row in await self.messages(email, sequence) if row["state"] == "sent"]

    async def decide(self, review_id: str, action: str, by: str, **body: object) -> httpx.Response:
        """`approve`, `edit`, `reject` or `regenerate`, by the person of that name."""
        return await self._http.post(f"/v1/reviews/{review_id}/{action}", json=body, headers=_bearer(self._keys[by]))

    async def post(self, path: str, by: str, **body: object) -> Json:
        """One POST by the person of that name. Raises Unheld where the answer is no success."""
        return _taken(await self._http.post(path, json=body, headers=_bearer(self._keys[by])))

    async def put(self, path: str, by: str, **body: object) -> Json:
        """One PUT by the person of that name. Raises Unheld where the answer is no success."""
        return _taken(await self._http.put(path, json=body, headers=_bearer(self._keys[by])))

    async def upload(self, path: str, by: str, text: str) -> Json:
        """A CSV file by the person of that name. Raises Unheld where the answer is no success."""
        headers = {**_bearer(self._keys[by]), "content-type": "text/csv"}
        return _taken(await self._http.post(path, content=text, headers=headers))

    async def unsubscribe(self, url: str) -> httpx.Response:
        """What a mail program posts when its reader presses "unsubscribe" (RFC 8058, section 3.2)."""
        return await self._http.post(url, data={"List-Unsubscribe": "One-Click"})


def _taken(answer: httpx.Response) -> Json:
    if not answer.is_success:
        message = f"{answer.request.method} {answer.request.url.path} was answered {answer.status_code}"
        raise Unheld(message)
    found: Json = answer.json()
    return found


def _bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}
