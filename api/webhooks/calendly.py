"""Calendly: checks `Calendly-Webhook-Signature` and reads what happened to an invitee.

Scheme: https://developer.calendly.com/api-docs (webhook signatures): `t=…,v1=…`, HMAC-SHA256 over `t.body`,
hexadecimal; Calendly has no library for it. Calendly retries for 24 hours. A reschedule is two webhooks, in
either order: `invitee.canceled` with `rescheduled: true`, and `invitee.created` with `old_invitee`.
"""

from __future__ import annotations

import hmac
from typing import Final

from starlette.datastructures import Headers

from api.webhooks import timestamped
from api.webhooks.base import BadSignature, only
from api.webhooks.drafts import Draft, single
from api.webhooks.reading import (
    JsonObject,
    child,
    digest,
    email,
    event_type,
    iso,
    items,
    moment,
    parse_object,
    text,
    utm,
)
from domain.events import Incoming

_HEADER = "calendly-webhook-signature"
_TYPES: Final = {
    "invitee.created": "demo_booked",
    "invitee.canceled": "demo_canceled",
    "invitee_no_show.created": "demo_no_show",
    "invitee_no_show.deleted": "demo_no_show_undone",
}


class Calendly:
    """Calendly gives a delivery no id: the event's name and the invitee's address name it."""

    name: Final = "calendly"

    def signed_at(self, headers: Headers) -> int:
        return timestamped.signed_at(only(headers, _HEADER))

    def check(self, secret: str, headers: Headers, body: bytes) -> None:
        parts = timestamped.fields(only(headers, _HEADER))
        signed = dict(parts)["t"].encode("ascii") + b"." + body
        expected = hmac.new(secret.encode(), signed, "sha256").hexdigest()
        if not any(hmac.compare_digest(expected, given) for scheme, given in parts if scheme == "v1"):
            raise BadSignature("The signature does not match the body.")

    def translate(self, headers: Headers, body: bytes) -> list[Incoming]:  # noqa: ARG002 - GitHub's need them
        envelope = parse_object(body)
        event = text(envelope.get("event")) or "unknown"
        payload = child(envelope, "payload")
        draft = _invitee(_TYPES[event], payload) if event in _TYPES else _unknown(event, payload)
        about = text(child(payload, "no_show").get("uri")) or text(payload.get("uri"))
        if about and event == "invitee_no_show.deleted":
            # It names the invitee alone, who may be marked and unmarked again.
            about = f"{about}:{text(envelope.get('created_at')) or digest(body)}"
        return single(
            draft,
            source=self.name,
            sender_id=f"{event}:{about}" if about else digest(body),
            occurred_at=moment(envelope.get("created_at")),
            raw=body,
        )


def _unknown(event: str, payload: JsonObject) -> Draft:
    uri = text(payload.get("uri"))
    missing = "It is not an event." if event == "unknown" else None
    return Draft(
        event_type("calendly", event), {"object": payload}, entity=f"calendly:{uri}" if uri else None, lacking=missing
    )


def _invitee(kind: str, invitee: JsonObject) -> Draft:
    """Times are ISO 8601 in UTC; `ends_at` and every URL may be None."""
    scheduled = child(invitee, "scheduled_event")
    uri = text(invitee.get("uri"))
    address = email(invitee.get("email"))
    starts_at = moment(scheduled.get("start_time"))
    return Draft(
        kind,
        {
            "invitee_uri": uri,
            "event_uri": text(scheduled.get("uri")) or text(invitee.get("event")),
            "event_name": text(scheduled.get("name")),
            "starts_at": iso(starts_at),
            "ends_at": iso(moment(scheduled.get("end_time"))),
            "join_url": text(child(scheduled, "location").get("join_url")),
            "cancel_url": text(invitee.get("cancel_url")),
            "reschedule_url": text(invitee.get("reschedule_url")),
            "rescheduled": invitee.get("rescheduled") is True,
            "old_invitee": text(invitee.get("old_invitee")),
            "new_invitee": text(invitee.get("new_invitee")),
            "name": text(invitee.get("name")),
            "timezone": text(invitee.get("timezone")),
            "questions": _questions(invitee),
            "utm": utm(child(invitee, "tracking")),
        },
        email=address,
        entity=f"calendly:{uri}" if uri else None,
        lacking=_lacking(kind, uri=uri, address=address, starts=starts_at is not None),
    )


def _questions(invitee: JsonObject) -> list[dict[str, str]]:
    asked = [child(item) for item in items(invitee.get("questions_and_answers"))]
    return [
        {"question": question, "answer": text(item.get("answer")) or ""}
        for item in asked
        if (question := text(item.get("question")))
    ]


def _lacking(kind: str, *, uri: str | None, address: str | None, starts: bool) -> str | None:
    if not uri:
        return "The invitee has no URI."
    if not address:
        return "The invitee has no email address."
    if kind == "demo_booked" and not starts:
        return "The booking has no start time."
    return None
