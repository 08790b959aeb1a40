"""Brevo's lists by their names (developers.brevo.com/reference/get-lists, create-list, create-folder).

Brevo knows lists by numbers and lets two have one name. A list is looked for, and made in our own folder where it is
missing; of two that were made at the same moment everybody takes the one with the lower number.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

import httpx

from domain.errors import ProviderError
from providers.http import json_object

FOLDER = "Perennial"
PAGE = 50  # as many as Brevo gives at once


class Calls(Protocol):
    """One request to Brevo."""

    async def __call__(
        self, method: str, url: str, *, json: object = None, params: dict[str, str] | None = None
    ) -> httpx.Response: ...


class BrevoLists:
    """Numbers of lists, remembered once they are known."""

    def __init__(self, call: Calls, contacts_url: str) -> None:
        self._call, self._url = call, contacts_url
        self._known: dict[str, int] = {}

    async def id_of(self, name: str) -> int:
        """The number of the list of that name, which is made where there is none."""
        if name not in self._known:
            found = await self._lowest("lists", name)
            if found is None:
                folder = await self._lowest("folders", FOLDER) or await self._make("folders", {"name": FOLDER})
                await self._make("lists", {"name": name, "folderId": folder})
                found = await self._lowest("lists", name)
            if found is None:
                raise ProviderError("conflict", f"brevo: the list {name} was made and is not there yet")
            self._known[name] = found
        return self._known[name]

    async def _lowest(self, kind: str, name: str) -> int | None:
        return min([int(one["id"]) async for one in self._all(kind) if one.get("name") == name], default=None)

    async def _all(self, kind: str) -> AsyncIterator[dict[str, Any]]:
        offset = 0
        while True:
            params = {"limit": str(PAGE), "offset": str(offset), "sort": "asc"}
            page = json_object("brevo", await self._call("GET", f"{self._url}/{kind}", params=params)).get(kind) or []
            for one in page:
                yield one
            if len(page) < PAGE:
                return
            offset += PAGE

    async def _make(self, kind: str, fields: dict[str, object]) -> int:
        response = await self._call("POST", f"{self._url}/{kind}", json=fields)
        answer = json_object("brevo", response)
        if response.status_code == httpx.codes.BAD_REQUEST:
            raise ProviderError("rejected", f"brevo: {answer.get('code')}: {answer.get('message')}", permanent=True)
        return int(answer["id"])
