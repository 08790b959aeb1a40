"""Twelve ways to bend a signed webhook into one that nobody signed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.faults.vendors import Vendors

Pairs = list[tuple[str, str]]
SIGNATURE = {
    "stripe": "stripe-signature",
    "calendly": "calendly-webhook-signature",
    "github": "x-hub-signature-256",
    "resend": "svix-signature",
    "sendgrid": "x-twilio-email-event-webhook-signature",
    "cms": "webhook-signature",
}
TIME = {"resend": "svix-timestamp", "sendgrid": "x-twilio-email-event-webhook-timestamp"}


class Forger:
    """Somebody who saw one genuine delivery of a source, and wants another body, or another time, to be believed."""

    def __init__(self, vendors: Vendors, source: str, body: bytes) -> None:
        self._vendors, self._source, self._body = vendors, source, body
        self._name = SIGNATURE[source]
        self._now = datetime.now(UTC)

    def all(self) -> dict[str, tuple[Pairs, bytes]]:
        """Every forgery by what was done: headers and body."""
        body = self._body
        return {
            "no signature": (self._without(), body),
            "an empty signature": (self._with(lambda _: ""), body),
            "a signature of nonsense": (self._with(lambda _: "t=1,v1=zz"), body),
            "a signature cut short": (self._with(lambda value: value[:-3]), body),
            "a changed letter of it": (self._with(_swap_last), body),
            "another secret": (self._signed(which="strange"), body),
            "a secret of another source": (self._of_another_source(), body),
            "another body": (self._signed(), body + b" "),
            "an empty body": (self._signed(), b""),
            "a signature of another body": (self._signed(body=b"{}"), body),
            "two signatures": ([*self._signed(), (self._name, "t=1,v1=00")], body),
            "another time": (self._another_time(), body),
        }

    def _signed(self, *, body: bytes | None = None, which: str = "new", at: datetime | None = None) -> Pairs:
        body = self._body if body is None else body
        return list(self._vendors.sign(self._source, body, which, at or self._now).items())

    def _with(self, change: Callable[[str], str]) -> Pairs:
        return [(name, change(value) if name == self._name else value) for name, value in self._signed()]

    def _without(self) -> Pairs:
        return [(name, value) for name, value in self._signed() if name != self._name]

    def _of_another_source(self) -> Pairs:
        """Signed rightly, as somebody else: the header has this source's name and the other one's value."""
        other = "github" if self._source != "github" else "stripe"
        value = self._vendors.sign(other, self._body)[SIGNATURE[other]]
        return self._with(lambda _: value)

    def _another_time(self) -> Pairs:
        """Recorded six minutes ago; GitHub signs no time, and there the signature of the older scheme is used."""
        if self._source == "github":
            return [(name.replace("-256", ""), value) for name, value in self._signed()]
        return self._signed(at=self._now - timedelta(minutes=6))


def _swap_last(value: str) -> str:
    """The letter before the last two, since at its very end Base64 has bits that mean nothing."""
    place = len(value) - 3 if not value.endswith("=") else len(value) - 5
    letter = "a" if value[place] != "a" else "b"
    return value[:place] + letter + value[place + 1 :]
