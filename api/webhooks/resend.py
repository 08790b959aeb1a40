"""Resend: checks its Standard Webhooks signature and reads what became of a message.

Scheme: https://www.standardwebhooks.com with the header names of Svix (`svix-id`, `svix-timestamp`,
`svix-signature`) and a secret that starts with `whsec_`. Events: https://resend.com/docs/webhooks/event-types.
"""

from __future__ import annotations

from email.utils import parseaddr
from typing import Final

from starlette.datastructures import Headers

from api.webhooks import standard
from api.webhooks.drafts import Draft, single
from api.webhooks.reading import JsonObject, child, email, event_type, items, moment, parse_object, text
from domain.events import Incoming

_TYPES: Final = {
    "email.delivered": "email_delivered",
    "email.opened": "email_opened",
    "email.clicked": "email_clicked",
    "email.bounced": "email_bounced",
    "email.complained": "email_complained",
    "email.delivery_delayed": "email_delivery_delayed",
    "email.failed": "email_failed",
    "email.suppressed": "email_failed",
}


class Resend:
    """`sender_id` is `svix-id`, the same on every delivery of an event."""

    name: Final = "resend"

    def signed_at(self, headers: Headers) -> int:
        return standard.signed_at(headers, "svix")

    def check(self, secret: str, headers: Headers, body: bytes) -> None:
        standard.check(secret, headers, body, "svix")

    def translate(self, headers: Headers, body: bytes) -> list[Incoming]:
        event = parse_object(body)
        kind = text(event.get("type")) or "unknown"
        data = child(event, "data")
        return single(
            _message(_TYPES[kind], data) if kind in _TYPES else _unknown(kind, data),
            source=self.name,
            sender_id=headers.get("svix-id", "").strip() or None,
            occurred_at=moment(event.get("created_at")),
            raw=body,
        )


def _unknown(kind: str, data: JsonObject) -> Draft:
    missing = "It has no type." if kind == "unknown" else None
    return Draft(event_type("resend", kind), {"object": data}, entity=_entity(_key(data), data), lacking=missing)


def _entity(key: str | None, data: JsonObject) -> str | None:
    found = key or text(data.get("email_id"))
    return f"message:{found}" if found else None


def _key(data: JsonObject) -> str | None:
    """Our message id from the tag `perennial_key`; tags come as an object, and as a list in older deliveries."""
    tags = data.get("tags")
    if isinstance(tags, dict):
        return text(tags.get("perennial_key"))
    pairs = [child(tag) for tag in items(tags)]
    return next((text(tag.get("value")) for tag in pairs if tag.get("name") == "perennial_key"), None)


def _message(kind: str, data: JsonObject) -> Draft:
    key = _key(data)
    to = data.get("to")
    first = next(iter(items(to)), to)
    entity = _entity(key, data)
    return Draft(
        kind,
        {
            "provider": "resend",
            "provider_message_id": text(data.get("email_id")),
            "key": key,
            "link": text(child(data, "click").get("link")),
            "bounce": _bounce(data) if kind == "email_bounced" else None,
            "reason": text(child(data, "failed").get("reason")) or text(child(data, "suppressed").get("message")),
        },
        email=email(parseaddr(first)[1]) if isinstance(first, str) else None,
        entity=entity,
        lacking=None if entity else "It names no message.",
    )


def _bounce(data: JsonObject) -> dict[str, str | None]:
    """Only `Permanent` says that the address will never work; Temporary, Transient, Undetermined may pass."""
    bounce = child(data, "bounce")
    kind = "hard" if (text(bounce.get("type")) or "").lower() == "permanent" else "soft"
    return {"kind": kind, "reason": text(bounce.get("message")) or text(bounce.get("subType"))}
