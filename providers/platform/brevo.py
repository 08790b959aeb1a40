"""Brevo as marketing platform, over its contacts API (developers.brevo.com/reference/create-contact).

`POST /v3/contacts` answers 201 with the id when it created and 204 with nothing when it updated, so the id is
read first; only a contact that is not there is given its original source. Attributes must exist in the Brevo
account: it ignores values of attributes that it does not have. `emailBlacklisted` is never sent, because
sending it could undo an opt-out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from urllib.parse import quote

import httpx

from domain.errors import ProviderError
from domain.webinars import joined_history
from providers.http import call, json_object
from providers.platform.brevo_lists import BrevoLists
from providers.protocols import Person

API = "https://api.brevo.com/v3"
ORIGINAL_SOURCE = "ORIGINAL_SOURCE"
WEBINARS = "WEBINAR_HISTORY"


class Brevo:
    """A `Platform`. `list_ids` are the lists that a pushed person is added to; closes the client it was given."""

    name = "brevo"

    def __init__(
        self, client: httpx.AsyncClient, api_key: str, *, list_ids: Sequence[int] = (), base_url: str = API
    ) -> None:
        self._client = client
        self._headers = {"api-key": api_key, "accept": "application/json"}
        self._url = f"{base_url}/contacts"
        self._list_ids = list(list_ids)
        self._lists = BrevoLists(self._call, self._url)

    async def push(self, person: Person) -> str:
        """Create with the original source, or update without it; Brevo's id of the contact."""
        known, held = await self._find(person.email)
        fields = _person_attributes(person)
        if person.webinars:
            fields[WEBINARS] = joined_history(str(held.get(WEBINARS) or ""), person.webinars)
        if known is not None:
            await self._write(person.email, fields, update=True, list_ids=self._list_ids)
            return known
        if person.original_source:
            fields[ORIGINAL_SOURCE] = person.original_source
        response = await self._write(person.email, fields, update=False, list_ids=self._list_ids)
        return str(json_object(self.name, response)["id"])

    async def set_attributes(self, email: str, attributes: Mapping[str, str]) -> None:
        """Set these and leave the others; a contact that Brevo does not have is created."""
        await self._write(email, _named(attributes), update=True)

    async def erase(self, email: str) -> None:
        """Delete the contact (developers.brevo.com/reference/deletecontact)."""
        await self._call("DELETE", f"{self._url}/{quote(email, safe='')}", params={"identifierType": "email_id"})

    async def aclose(self) -> None:
        await self._client.aclose()

    async def change_lists(self, email: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Both in one write by the lists' ids, which leaves a person who is on them already as they are."""
        ids = [await self._lists.id_of(name) for name in add]
        gone = [await self._lists.id_of(name) for name in remove]
        if ids:
            await self._write(email, {}, update=True, list_ids=ids)
        for number in gone:
            # Refused where the person is not on it, which is what is wanted.
            await self._call("POST", f"{self._url}/lists/{number}/contacts/remove", json={"emails": [email]})

    async def _find(self, email: str) -> tuple[str | None, Mapping[str, object]]:
        """Brevo's id of the contact and its attributes; None where there is none."""
        response = await self._call(
            "GET", f"{self._url}/{quote(email, safe='')}", params={"identifierType": "email_id"}
        )
        if response.status_code == httpx.codes.NOT_FOUND:
            return None, {}
        found = json_object(self.name, response)
        return str(found["id"]), found.get("attributes") or {}

    async def _write(
        self, email: str, attributes: Mapping[str, str], *, update: bool, list_ids: Sequence[int] = ()
    ) -> httpx.Response:
        body: dict[str, object] = {"email": email, "attributes": dict(attributes), "updateEnabled": update}
        if list_ids:
            body["listIds"] = list(list_ids)
        response = await self._call("POST", self._url, json=body)
        if response.status_code == httpx.codes.BAD_REQUEST:
            answer = json_object(self.name, response)
            # Somebody made the contact between our look and our write: the next attempt finds it.
            made_meanwhile = not update and answer.get("code") == "duplicate_parameter"
            message = f"{self.name}: {answer.get('code')}: {answer.get('message')}"
            raise ProviderError("conflict" if made_meanwhile else "rejected", message, permanent=not made_meanwhile)
        return response

    async def _call(
        self, method: str, url: str, *, json: object = None, params: Mapping[str, str] | None = None
    ) -> httpx.Response:
        accept = (400,) if method == "POST" else (404,)
        return await call(
            self._client,
            self.name,
            method,
            url,
            accept=accept,
            wait_hint=_wait,
            headers=self._headers,
            json=json,
            params=params,
        )


def _person_attributes(person: Person) -> dict[str, str]:
    fields = {
        "FIRSTNAME": person.first_name,
        "COMPANY": person.company,
        "TAGS": ", ".join(person.tags),
        "AUDIENCE": person.audience,
        "FORM_SOURCE": person.form_source,
        "LATEST_SOURCE": person.latest_source,
    }
    # An empty value would clear what is there.
    return {name: value for name, value in (_named(person.attributes) | fields).items() if value}


def _named(attributes: Mapping[str, str]) -> dict[str, str]:
    """Names as Brevo has them (capitals, digits, underscores), without the one that is set once."""
    named = {re.sub(r"[^A-Z0-9_]+", "_", name.upper()): value for name, value in attributes.items()}
    return {name: value for name, value in named.items() if name != ORIGINAL_SOURCE}


def _wait(response: httpx.Response) -> timedelta | None:
    """`x-sib-ratelimit-reset`: seconds until the window ends (developers.brevo.com/docs/limit-headers)."""
    reset = response.headers.get("x-sib-ratelimit-reset", "")
    limited = response.status_code == httpx.codes.TOO_MANY_REQUESTS
    return timedelta(seconds=int(reset)) if limited and reset.isdigit() else None
