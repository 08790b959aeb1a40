"""What the rest of the product asks of a vendor. Every method raises `ProviderError` and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Generic, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from domain.briefs import Brief


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail: `content` is the bytes, `content_type` such as `text/calendar; method=REQUEST`."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One message, frozen: the same object on every attempt.

    `key` is our message id, given to vendors as idempotency key. `headers` holds what is beside From,
    To, Subject and Reply-To (List-Unsubscribe, List-Unsubscribe-Post, …). `lane` is `transactional` or
    `marketing`.
    """

    key: str
    sender: str
    to: str
    subject: str
    text: str
    html: str
    lane: str
    reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The vendor took the message. `provider_message_id` is its own id, by which its events name it."""

    provider_message_id: str


@runtime_checkable
class MailProvider(Protocol):
    """Hands one mail to one vendor, once per call and with no retries of its own.

    `key_lifetime` is how long the vendor recognises a repeated `Mail.key`: None where it never does.
    """

    name: str
    key_lifetime: timedelta | None

    async def send(self, mail: Mail) -> Accepted: ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as a CRM or platform is told of it. `touch` values are only ever appended there.

    `webinars`: the codes of all that they registered for, in order; joined with what the system has.
    """

    contact_id: str
    email: str
    first_name: str = ""
    company: str = ""
    tags: Sequence[str] = ()
    audience: str = ""
    form_source: str = ""
    original_source: str = ""
    latest_source: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    webinars: Sequence[str] = ()


class Crm(Protocol):
    """A customer relationship system. Original source and assigned rep are set once and never overwritten."""

    name: str

    async def push(self, person: Person) -> str:
        """Create or update by email; the vendor's record id. Never overwrites the original source."""
        ...

    async def is_client(self, email: str) -> bool:
        """The flag IS_CLIENT as the CRM has it; False where the person is not known."""
        ...

    async def set_status(self, email: str, status: str, summary: str, key: str) -> None:
        """Set the lead status, where one is given, and append one summary line, once per `key`."""
        ...

    async def erase(self, email: str) -> None:
        """Delete the person for good; nobody of that address counts as done."""
        ...

    async def aclose(self) -> None: ...


class Platform(Protocol):
    """A marketing platform: lists and attributes of contacts."""

    name: str

    async def push(self, person: Person) -> str:
        """Create or update by email; the vendor's id."""
        ...

    async def set_attributes(self, email: str, attributes: Mapping[str, str]) -> None: ...

    async def change_lists(self, email: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Put a person on lists and take them off others, by the lists' names; a list that is missing is made."""
        ...

    async def erase(self, email: str) -> None:
        """Delete the person for good; nobody of that address counts as done."""
        ...

    async def aclose(self) -> None: ...


class Chat(Protocol):
    """A team chat that is told something; `url` leads to the page where a person can act."""

    name: str

    async def notify(self, title: str, text: str, url: str, *, urgent: bool = False) -> None: ...

    async def aclose(self) -> None: ...


class Social(Protocol):
    """A place where approved content is published, once per `key`."""

    name: str

    async def publish(self, channel: str, texts: Sequence[str], key: str) -> str: ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class LineItem:
    """A bought thing: `product` is a key of the catalogue, or the vendor's own id where it is not in it."""

    product: str
    name: str
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Checkout:
    """What is to be paid, once per `key`. The amounts of `lines` are what each line costs, in the main unit.

    The buyer comes back to `success_url` after paying and to `cancel_url` without. `metadata` is told with everything
    that happens to it; `expires_at` is until when it may be paid.
    """

    key: str
    lines: Sequence[LineItem]
    currency: str
    success_url: str
    cancel_url: str
    expires_at: datetime
    email: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Till:
    """Where a checkout is paid. `session_id` is the processor's own word for it, and that of the order."""

    session_id: str
    url: str


class Tills(Protocol):
    """A payment processor, as pages that sell something see it."""

    name: str

    async def checkout(self, checkout: Checkout) -> Till:
        """A page on which exactly this is paid; the same one for the same thing under the same `key`."""
        ...

    async def aclose(self) -> None: ...


class Payments(Protocol):
    """A payment processor."""

    name: str

    async def line_items(self, session_id: str) -> Sequence[LineItem]: ...

    async def discount_code(self, *, key: str, percent: int, expires_at: datetime) -> str:
        """A unique, single-use code, the same one for the same `key`."""
        ...

    async def aclose(self) -> None: ...


T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call used."""

    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    latency_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """What a writer made, and what it used."""

    value: T
    model: str
    offline: bool
    input_tokens: int = 0
    output_tokens: int = 0
    latency_s: float = 0.0


@dataclass(frozen=True, slots=True)
class WritingRequest(Generic[T]):
    """What a writer is asked: an answer of the type `shape`.

    `kind` names the prompt (`config/prompts/{kind}.md`). `source` is what the draft is made from, texts by name;
    `brief` holds the whole book and its product, for kinds that are made of these. `instructions` is what a reviewer
    asked for, `examples` earlier edits to learn from. `key` is the same for every attempt at the same draft.
    `watch` is told how many characters of the answer there are so far, and what each call cost, whatever comes of it.
    """

    kind: str
    shape: type[T]
    source: Mapping[str, str] = field(default_factory=dict)
    brief: Brief | None = None
    tone: str = ""
    instructions: str = ""
    examples: Sequence[str] = ()
    key: str = ""
    watch: Watch | None = None


class Watch(Protocol):
    """Who looks on while a writer writes."""

    def written(self, characters: int) -> None:
        """So much of the answer is there."""

    def called(self, usage: Usage) -> None:
        """One call ended, and this is what it used; it is paid for whether the answer can be used or not."""


class Free:
    """What a writer says that asks no model."""

    def model_for(self, kind: str) -> str:  # noqa: ARG002 - the protocol's
        """None."""
        return ""

    def prompt_for(self, kind: str) -> str:  # noqa: ARG002 - the protocol's
        """None."""
        return ""


class Writer(Protocol):
    """Turns a request into a typed draft. Raises `ProviderError`, and `Invalid` where the source says too little."""

    name: str

    def model_for(self, kind: str) -> str:
        """The model that is asked for a kind; empty for a writer that costs nothing."""

    def prompt_for(self, kind: str) -> str:
        """The version of a kind's prompt; empty for a writer that has none."""

    async def write(self, request: WritingRequest[T]) -> Written[T]: ...

    async def aclose(self) -> None: ...
