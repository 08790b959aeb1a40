"""What each vendor sends, correctly signed, in a form that a test can bend."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from starlette.datastructures import Headers

from api.webhooks import configured
from api.webhooks.base import Source
from api.webhooks.signing import (
    sendgrid_key,
    sign_calendly,
    sign_cms,
    sign_github,
    sign_resend,
    sign_sendgrid,
    sign_stripe,
)

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
SENDGRID_KEYS = {"current": sendgrid_key(), "former": sendgrid_key(), "strange": sendgrid_key()}
STANDARD_SECRETS = {
    which: "whsec_" + base64.b64encode(f"{which} secret of theirs".encode()).decode() for which in SENDGRID_KEYS
}
BODY = json.dumps([{"event": "open", "sg_event_id": "e1", "email": "ada@example.com"}]).encode() + b"\r\n"


@dataclass(frozen=True)
class Request:
    """One request as it arrives: headers in order, repeats included."""

    headers: tuple[tuple[str, str], ...]
    body: bytes = BODY

    @property
    def parsed(self) -> Headers:
        return Headers(raw=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers])

    def set(self, name: str, change: Callable[[str], str]) -> Request:
        changed = tuple((key, change(value) if key == name else value) for key, value in self.headers)
        assert changed != self.headers
        return replace(self, headers=changed)

    def without(self, name: str) -> Request:
        return replace(self, headers=tuple(header for header in self.headers if header[0] != name))

    def adding(self, name: str, value: str) -> Request:
        return replace(self, headers=(*self.headers, (name, value)))


@dataclass(frozen=True)
class Kit:
    """A source with its secrets, and the vendor's side of it. `time_header` is None where no time is signed."""

    name: str
    source: Source
    signature_header: str
    time_header: str | None = None
    secrets: dict[str, str] = field(default_factory=dict)

    def sign(self, body: bytes = BODY, at: datetime = NOW, which: str = "current") -> Request:
        secret = self.secrets[which]
        headers = {
            "stripe": lambda: sign_stripe(secret, body, at),
            "calendly": lambda: sign_calendly(secret, body, at),
            "github": lambda: sign_github(secret, body, event="release", delivery="d-1"),
            "resend": lambda: sign_resend(secret, body, at, message_id="msg_1"),
            "cms": lambda: sign_cms(secret, body, at, message_id="msg_1"),
            "sendgrid": lambda: sign_sendgrid(SENDGRID_KEYS[which][0], body, at),
        }[self.name]()
        return Request(tuple(headers.items()), body)

    def verify(self, request: Request, now: datetime = NOW) -> None:
        self.source.verify(request.parsed, request.body, now)


def _secrets(name: str) -> dict[str, str]:
    if name == "sendgrid":
        return {which: public for which, (_, public) in SENDGRID_KEYS.items()}
    if name in {"resend", "cms"}:
        return STANDARD_SECRETS
    return {which: f"{which} secret of {name}" for which in SENDGRID_KEYS}


def make_kit(name: str) -> Kit:
    secrets = _secrets(name)
    source = configured({name: [secrets["current"], secrets["former"]]})[name]
    signature, time = {
        "stripe": ("stripe-signature", "stripe-signature"),
        "calendly": ("calendly-webhook-signature", "calendly-webhook-signature"),
        "github": ("x-hub-signature-256", None),
        "resend": ("svix-signature", "svix-timestamp"),
        "cms": ("webhook-signature", "webhook-timestamp"),
        "sendgrid": ("x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"),
    }[name]
    return Kit(name, source, signature, time, secrets)
