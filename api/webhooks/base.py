"""One adapter around every vendor's signature: what is not surely signed, now, is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from starlette.datastructures import Headers

from domain.errors import PerennialError
from domain.events import Incoming

# Both ways: Stripe's library lets future timestamps pass, and SendGrid's scheme says nothing about age.
WINDOW_S = 300

# Prefixes that vendors give their secrets; alone they are what a copied example file holds.
_BARE_PREFIXES = frozenset({"", "whsec_"})


class BadSignature(PerennialError):
    """The request is not surely from whom it says, or not from now. HTTP 400; the message never holds a secret."""

    code = "bad_signature"
    status = 400


class Malformed(PerennialError):
    """The body is not JSON of the shape that the vendor documents at its top. HTTP 400."""

    code = "malformed"
    status = 400


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A signed thing that lacks what we need, with everything that could be read of it."""

    reason: str
    incoming: Incoming


class NotUnderstood(PerennialError):
    """Signed and well-formed, but lacking what we need; the caller keeps it and still answers 202.

    `dead` is never empty and holds what a person must look at; `understood` holds the other events of
    the same delivery, which go their normal way. `reason` and `incoming` are those of the first.
    """

    code = "not_understood"
    status = 422

    def __init__(
        self,
        reason: str,
        incoming: Incoming,
        *,
        more: Sequence[DeadLetter] = (),
        understood: Sequence[Incoming] = (),
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.incoming = incoming
        self.dead = (DeadLetter(reason, incoming), *more)
        self.understood = tuple(understood)


class Vendor(Protocol):
    """How one vendor signs and what its bodies mean. Stateless; knows no secret."""

    @property
    def name(self) -> str: ...

    def signed_at(self, headers: Headers) -> int | None:
        """Unix seconds that the signature covers; None where the vendor signs no time. May raise anything."""
        ...

    def check(self, secret: str, headers: Headers, body: bytes) -> None:
        """Raise anything unless `body` and the time were signed with `secret`."""
        ...

    def translate(self, headers: Headers, body: bytes) -> list[Incoming]:
        """What a body says, in our words. Raises `Malformed` or `NotUnderstood`, nothing else."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """A vendor with the secrets it may sign with: the current one, and the former ones during a rotation."""

    vendor: Vendor
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def name(self) -> str:
        return self.vendor.name

    def verify(self, headers: Headers, body: bytes, now: datetime) -> None:
        """Raise `BadSignature` unless `body`, byte for byte, was signed within 300 s of `now` (real time)."""
        self._refuse_wrong_time(headers, now)
        if not any(self._signed_with(secret, headers, body) for secret in self.secrets):
            raise BadSignature("The signature does not match the body.")

    def translate(self, headers: Headers, body: bytes) -> list[Incoming]:
        """What a verified body says. Raises `Malformed` (400) or `NotUnderstood` (dead letter, 202)."""
        return self.vendor.translate(headers, body)

    def _refuse_wrong_time(self, headers: Headers, now: datetime) -> None:
        try:
            signed_at = self.vendor.signed_at(headers)
        except Exception:  # noqa: BLE001 - whatever a stranger's header does to a parser, it is not a signature
            raise BadSignature("The signature is missing or cannot be read.") from None
        if signed_at is not None and abs(int(now.timestamp()) - signed_at) > WINDOW_S:
            raise BadSignature(f"The signature was made more than {WINDOW_S} seconds from now.")

    def _signed_with(self, secret: str, headers: Headers, body: bytes) -> bool:
        try:
            self.vendor.check(secret, headers, body)
        except Exception:  # noqa: BLE001 - libraries refuse by exceptions of many kinds; all of them mean no
            return False
        return True


def usable(secrets: Iterable[str]) -> tuple[str, ...]:
    """The secrets that are set: blank ones and bare prefixes would let anybody sign."""
    return tuple(stripped for secret in secrets if (stripped := secret.strip()) not in _BARE_PREFIXES)


def only(headers: Headers, name: str) -> str:
    """The value of a header that is there exactly once; a second one could be read by somebody else."""
    values = headers.getlist(name)
    if len(values) != 1:
        raise BadSignature(f"The header {name} must be there exactly once.")
    return values[0]
