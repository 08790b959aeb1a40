"""A CRM, a platform and a payment processor that do as they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from temporalio.testing import ActivityEnvironment

from domain.errors import ProviderError
from providers.protocols import LineItem, Person

T = TypeVar("T")


def on_queue(queue: str) -> ActivityEnvironment:
    """An activity's surroundings on that task queue."""
    env = ActivityEnvironment()
    env.info = replace(env.info, task_queue=queue)
    return env


def away() -> ProviderError:
    return ProviderError("unavailable", "503 from the vendor")


def refusal() -> ProviderError:
    return ProviderError("rejected", "they know ada@example.com", permanent=True)


@dataclass
class FakeCrm:
    """Keeps what it is told; `errors` are raised first, one a call."""

    name: str = "crm"
    clients: set[str] = field(default_factory=set)
    errors: list[ProviderError] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    statuses: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    erased: list[str] = field(default_factory=list)

    def _maybe_fail(self) -> None:
        if self.errors:
            raise self.errors.pop(0)

    async def push(self, person: Person) -> str:
        self._maybe_fail()
        self.people.append(person)
        return "crm-1"

    async def is_client(self, email: str) -> bool:
        return email in self.clients

    async def set_status(self, email: str, status: str, summary: str, key: str) -> None:
        self._maybe_fail()
        self.statuses[key] = (email, status, summary)

    async def erase(self, email: str) -> None:
        self._maybe_fail()
        self.erased.append(email)

    async def aclose(self) -> None:
        return


@dataclass
class FakePlatform:
    """Keeps what it is told; `errors` are raised first, one a call."""

    name: str = "platform"
    errors: list[ProviderError] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    lists: dict[str, set[str]] = field(default_factory=dict)
    erased: list[str] = field(default_factory=list)

    async def change_lists(self, email: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.lists[email] = (self.lists.get(email, set()) | {*add}) - {*remove}

    async def push(self, person: Person) -> str:
        if self.errors:
            raise self.errors.pop(0)
        self.people.append(person)
        return "platform-1"

    async def set_attributes(self, email: str, attributes: Mapping[str, str]) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.attributes.setdefault(email, {}).update(attributes)

    async def erase(self, email: str) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.erased.append(email)

    async def aclose(self) -> None:
        return


@dataclass
class FakePayments:
    """Makes one code a key; `items` is what every session had in it."""

    name: str = "payments"
    items: Sequence[LineItem] = ()
    errors: list[ProviderError] = field(default_factory=list)
    codes: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def line_items(self, session_id: str) -> Sequence[LineItem]:
        self.asked.append(session_id)
        if self.errors:
            raise self.errors.pop(0)
        return self.items

    async def discount_code(self, *, key: str, percent: int, expires_at: datetime) -> str:
        if self.errors:
            raise self.errors.pop(0)
        self.codes.setdefault(key, (percent, expires_at))
        return f"CODE-{key[:8]}"

    async def aclose(self) -> None:
        return
