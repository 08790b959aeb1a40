"""HubSpot as CRM, over its CRM v3 objects API (developers.hubspot.com/docs/api/crm/contacts).

Contacts are read by `POST …/contacts/batch/read` with `idProperty: email`: unlike the search API it sees a
contact as soon as it is written, and unlike `GET …/{email}` it keeps the address out of the URL.
HubSpot overwrites a property that is sent and clears one that is sent empty, so what belongs to HubSpot's
people (original source, owner, names they corrected) is not sent again, and nothing is sent empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from domain.errors import ProviderError
from domain.webinars import joined_history
from providers.http import call, json_object
from providers.protocols import Person

API = "https://api.hubapi.com"
TEXT_LIMIT = 65_536  # characters in one property (knowledge.hubspot.com, "property field types")

# What a 429 asks for: it names the limit that was reached, and seldom carries Retry-After.
_WAITS = {
    "SECONDLY": timedelta(seconds=1),
    "TEN_SECONDLY_ROLLING": timedelta(seconds=10),
    "DAILY": timedelta(hours=1),
}
_EXISTING = re.compile(r"Existing ID:\s*(\d+)")
_OWNER = "hubspot_owner_id"


@dataclass(frozen=True, slots=True)
class Names:
    """The contact properties that are written, by their internal names.

    All but `status` are custom ones and must exist: text, for `touches` and `summaries` multi-line text, for
    `is_client` a checkbox. `status` is an enumeration and needs each status that is set among its options.
    """

    status: str = "hs_lead_status"
    original_source: str = "original_source"
    latest_source: str = "latest_source"
    touches: str = "touch_history"
    summaries: str = "engagement_summary"
    tags: str = "lifecycle_tags"
    audience: str = "primary_audience"
    form_source: str = "form_source"
    is_client: str = "is_client"
    webinars: str = "webinar_history"


DEFAULT_NAMES = Names()


class HubSpot:
    """A `Crm`. `token` is a private app's access token; closes the client that it was given."""

    name = "hubspot"

    def __init__(
        self, client: httpx.AsyncClient, token: str, *, names: Names = DEFAULT_NAMES, base_url: str = API
    ) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}
        self._contacts = f"{base_url}/crm/v3/objects/contacts"
        self._names = names

    async def push(self, person: Person) -> str:
        """Create with the original source, or update without it; touches and tags are only added to."""
        found = await self._find(person.email)
        if found is None:
            created = await self._create(self._initial(person))
            if isinstance(created, str):
                return created
            found = created
        record_id = str(found["id"])
        await self._update(record_id, self._changes(person, _values(found)))
        return record_id

    async def is_client(self, email: str) -> bool:
        """HubSpot keeps a checkbox as the text `true` or `false`, an unset one as null, a choice as its own word."""
        found = await self._find(email)
        return found is not None and _values(found).get(self._names.is_client, "").lower() in {"true", "yes", "1"}

    async def set_status(self, email: str, status: str, summary: str, key: str) -> None:
        """Status and summary line in one write, so that a repeated `key` finds both done and does nothing.

        Without a status the one that is there stays.

        A key that was carried out before later ones stays where it is: its status is not set again.
        """
        found = await self._find(email)
        line = f"{_one_line(summary)} [{key}]"
        if found is None:
            fields = _filled({"email": email, self._names.status: status, self._names.summaries: line})
            created = await self._create(fields)
            if isinstance(created, str):
                return
            found = created
        log = _values(found).get(self._names.summaries, "")
        if f"[{key}]" in log:
            return
        changes = _filled({self._names.status: status, self._names.summaries: append_line(log, line)})
        await self._update(str(found["id"]), changes)

    async def erase(self, email: str) -> None:
        """Delete permanently, by HubSpot's own id (developers.hubspot.com/docs/api/crm/contacts, "GDPR delete").

        By `idProperty: email` an address that HubSpot does not know would be blocklisted for good.
        """
        found = await self._find(email)
        if found is not None:
            await self._call("POST", "/gdpr-delete", accept=(404,), json={"objectId": str(found["id"])})

    async def aclose(self) -> None:
        await self._client.aclose()

    def _initial(self, person: Person) -> dict[str, str]:
        names = self._names
        fields = {"email": person.email, names.original_source: person.original_source}
        return _filled(fields | self._changes(person, {}))

    def _changes(self, person: Person, held: Mapping[str, str]) -> dict[str, str]:
        """What to send for a person of whom HubSpot holds `held`: never the original source, never the owner."""
        names = self._names
        protected = {names.original_source, names.touches, names.summaries, names.status, _OWNER, "email"}
        fields = {k.lower(): v for k, v in person.attributes.items() if k.lower() not in protected}
        fields[names.latest_source] = person.latest_source
        fields[names.audience] = person.audience
        fields[names.tags] = _union(held.get(names.tags, ""), person.tags)
        fields[names.touches] = append_line(held.get(names.touches, ""), _one_line(person.latest_source))
        if person.webinars:
            fields[names.webinars] = joined_history(held.get(names.webinars, ""), person.webinars)
        # What people may have corrected in HubSpot is only filled where it is empty.
        ours = {"firstname": person.first_name, "company": person.company, names.form_source: person.form_source}
        fields |= {name: value for name, value in ours.items() if not held.get(name)}
        return {name: value for name, value in _filled(fields).items() if held.get(name) != value}

    async def _find(self, value: str, id_property: str | None = "email") -> dict[str, Any] | None:
        names = self._names
        wanted = [names.status, names.is_client, names.summaries, names.touches, names.tags, names.latest_source]
        wanted += ["firstname", "company", names.form_source, names.audience, names.webinars]
        body: dict[str, Any] = {"inputs": [{"id": value}], "properties": wanted}
        if id_property:
            body["idProperty"] = id_property
        answer = json_object(self.name, await self._call("POST", "/batch/read", json=body))
        if results := answer.get("results"):
            return dict(results[0])
        # 207 Multi-Status: an unknown contact is one error among others.
        for error in answer.get("errors") or ():
            if error.get("category") != "OBJECT_NOT_FOUND":
                raise ProviderError("rejected", f"{self.name}: {error.get('message')}", permanent=True)
        return None

    async def _create(self, fields: Mapping[str, str]) -> str | dict[str, Any]:
        """The new record's id; or the record that HubSpot says is there (made meanwhile, or a second address)."""
        response = await self._call("POST", "", accept=(409,), json={"properties": dict(fields)})
        answer = json_object(self.name, response)
        if response.status_code != httpx.codes.CONFLICT:
            return str(answer["id"])
        named = _EXISTING.search(str(answer.get("message", "")))
        found = await self._find(named[1], id_property=None) if named else None
        if found is None:
            raise ProviderError("conflict", f"{self.name}: {answer.get('message')}")
        return found

    async def _update(self, record_id: str, fields: Mapping[str, str]) -> None:
        if fields:
            await self._call("PATCH", f"/{record_id}", json={"properties": dict(fields)})

    async def _call(self, method: str, path: str, *, accept: Sequence[int] = (), json: object) -> httpx.Response:
        return await call(
            self._client,
            self.name,
            method,
            self._contacts + path,
            accept=accept,
            wait_hint=_wait,
            headers=self._headers,
            json=json,
        )


def append_line(text: str, line: str, limit: int = TEXT_LIMIT) -> str:
    """`text` with `line` at its end, unless it is there. At the limit the oldest go, but never the first one."""
    lines = [held for held in text.splitlines() if held.strip()]
    if line and line not in lines:
        lines.append(line)
    while len("\n".join(lines)) > limit and len(lines) > 2:  # noqa: PLR2004 - the first and the newest stay
        del lines[1]
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _union(held: str, tags: Sequence[str]) -> str:
    """Tags as HubSpot separates several values, those that are there first."""
    present = [tag for tag in held.split(";") if tag]
    return ";".join(dict.fromkeys([*present, *tags]))


def _filled(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def _values(record: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in (record.get("properties") or {}).items() if value is not None}


def _wait(response: httpx.Response) -> timedelta | None:
    if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
        return None
    policy = re.search(r'"policyName"\s*:\s*"(\w+)"', response.text)
    return _WAITS.get(policy[1]) if policy else None
