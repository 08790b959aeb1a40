"""What each endpoint is sent when all is well: what F8 bends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from demo import bodies
from tests.faults.vendors import charge, purchase, stripe_event

_NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
_INVITEE = "https://api.calendly.com/scheduled_events/1/invitees/2"
_REFUND = {
    "id": "ch_1",
    "payment_intent": "pi_1",
    "billing_details": {"email": "ada@example.com"},
    "metadata": {"products": "field-guide"},
    "amount_refunded": 1499,
}

_GUEST: dict[str, Any] = {"email": "ada@example.com", "name": "Ada", "starts_at": _NOW, "at": _NOW}
_PUSH = {
    "ref": "refs/heads/main",
    "after": "abc",
    "compare": "https://github.com/acme/tool/compare/a...b",
    "repository": {"full_name": "acme/tool", "default_branch": "main"},
    "commits": [{"added": ["blog/one.md"], "modified": ["CHANGELOG.md"]}],
    "head_commit": {"timestamp": "2026-03-05T12:00:00Z"},
}

WEBHOOKS: dict[str, list[Any]] = {
    "stripe": [
        purchase("evt_1", "ada@example.com", ["field-guide"], at=_NOW, cart="cart-1"),
        stripe_event("evt_2", "charge.refunded", _REFUND, _NOW),
        charge("evt_3", "ada@example.com", at=_NOW),
    ],
    "calendly": [
        bodies.calendly_created(invitee=_INVITEE, old_invitee=f"{_INVITEE}0", **_GUEST),
        bodies.calendly_canceled(invitee=_INVITEE, new_invitee=f"{_INVITEE}1", **_GUEST),
    ],
    "github": [
        bodies.github_release(repository="acme/tool", release_id=1, tag="v1", name="One", body="Here.", at=_NOW),
        _PUSH,
    ],
    "resend": [
        {
            "type": "email.bounced",
            "created_at": "2026-03-05T12:00:00.000Z",
            "data": {
                "email_id": "49a3999c",
                "to": ["ada@example.com"],
                "tags": {"perennial_key": "0d2f2b60-5e1c-4c43-9f2e-7d1b1f2d3c4a"},
                "bounce": {"message": "gone", "type": "Permanent", "subType": "General"},
            },
        }
    ],
    "sendgrid": [
        [
            {
                "event": "bounce",
                "sg_event_id": "e1",
                "sg_message_id": "m1.filter",
                "email": "ada@example.com",
                "timestamp": 1772712000,
                "perennial_key": "0d2f2b60-5e1c-4c43-9f2e-7d1b1f2d3c4a",
                "type": "bounce",
                "reason": "550 gone",
            },
            {"event": "open", "sg_event_id": "e2", "email": "ada@example.com", "timestamp": 1772712000},
        ]
    ],
    "cms": [
        {
            "id": "post-1",
            "title": "It is out",
            "url": "https://blog.example/1",
            "body": "<p>At last.</p>",
            "published_at": "2026-03-05T12:00:00Z",
        }
    ],
}

_ABOUT = {"email": "ada@example.com", "user_id": "u-1", "session_id": "s-1", "occurred_at": "2026-03-05T12:00:00Z"}
EVENTS: list[dict[str, Any]] = [
    {
        "type": "checkout_started",
        "payload": {"cart_id": "c", "items": ["a"], "total": "9", "currency": "usd", "url": "https://x.example"},
        **_ABOUT,
    },
    {
        "type": "purchase_completed",
        "payload": {
            "order_id": "o",
            "products": ["field-guide"],
            "cart_id": "c",
            "payment_intent": "pi",
            "amount_total": 1499,
            "currency": "usd",
            "name": "Ada Buyer",
        },
        **_ABOUT,
    },
    {"type": "refund", "payload": {"payment_intent": "pi", "products": ["field-guide"]}, **_ABOUT},
    {
        "type": "demo_booked",
        "payload": {
            "invitee_uri": "u",
            "event_uri": "e",
            "event_name": "Demo",
            "starts_at": "2026-03-06T12:00:00+00:00",
            "ends_at": "2026-03-06T12:30:00+00:00",
            "old_invitee": "v",
            "timezone": "Europe/Stockholm",
        },
        **_ABOUT,
    },
    {"type": "demo_canceled", "payload": {"invitee_uri": "u", "rescheduled": True, "new_invitee": "w"}, **_ABOUT},
    {
        "type": "lead_captured",
        "payload": {
            "form": "contact",
            "tags": ["B2B"],
            "first_name": "Ada",
            "company": "Engines",
            "audience": "Engineering",
            "utm": {"source": "google"},
            "attributes": {"size": 7},
            "consent": {"granted": True, "place": "p", "wording": "w", "ip_hash": "h"},
        },
        **_ABOUT,
    },
    {"type": "email_bounced", "payload": {"key": "k", "bounce": {"kind": "hard"}}, **_ABOUT},
    {"type": "unsubscribed", "payload": {"contact_id": "c", "ip_hash": "h"}, **_ABOUT},
]

FORM = {
    "email": "ada@example.com",
    "first_name": "Ada",
    "company": "Engines",
    "message": "Hello",
    "source": "website",
    "audience": "Engineering",
    "utm_source": "google",
    "landing_page": "https://example.com/demo",
    "timezone": "Europe/Stockholm",
    "session_id": "s",
    "submission_id": "x",
    "consent": "on",
}
