"""How values are said on pages: states, actions, numbers. Pure, and never HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from domain.reasons import spoken

# How a state looks: good, calm, wait, warn or bad.
TONES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sent": "good", "approved": "good", "completed": "good", "routed": "good", "published": "good", "live": "good",
        "done": "good", "checking": "calm", "undoing": "calm", "checked": "wait", "uploading": "wait", "undone": "mute",
        "refused": "bad", "halted": "warn", "planned": "calm", "canceled": "warn", "attended": "good",
        "running": "calm", "starting": "calm", "claimed": "wait", "calling": "wait", "waiting": "wait",
        "pending": "wait", "asked": "wait", "paused": "wait", "regenerated": "wait",
        "skipped": "mute", "exited": "mute", "expired": "mute", "erased": "mute", "stopped": "warn",
        "unknown": "warn", "failed": "bad", "rejected": "bad", "preparing": "calm", "reading": "calm",
        "writing": "calm", "held": "warn", "for review": "wait", "being rewritten": "wait", "blocked": "bad",
        "due": "calm", "paid": "good", "reversed": "mute", "owed back": "warn", "ended": "mute", "taken back": "mute",
    }
)  # fmt: skip
STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "skipped": "not sent", "claimed": "waits for another try", "calling": "being sent", "unknown": "unclear",
        "checked": "waits for you", "undone": "taken back", "undoing": "being taken back", "checking": "being read",
        "pending": "waits for review", "regenerated": "being rewritten", "exited": "ended early",
        "starting": "starting", "asked": "about to begin", "rejected": "rejected",
    }
)  # fmt: skip
ACTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "entered": "Entered",
        "not_entered": "Did not enter",
        "reacted": "Reacted by rule",
        "reaction_rests": "Rule rests",
        "merged": "Joined the running journey",
        "chosen": "Chosen for this person:",
        "recommended": "Recommendations by",
        "opted_out": "Opted out of",
        "deferred": "Put off",
        "drafted": "Drafted",
        "no_drafts": "No draft made",
        "not_published": "Not published",
        "crm_push": "Told the CRM",
        "platform_push": "Told the marketing platform",
        "crm_done": "Updated the CRM",
        "crm_failed": "CRM not updated",
        "crm_skipped": "CRM not updated",
        "crm_ended": "CRM not updated",
        "platform_done": "Updated the marketing platform",
        "platform_failed": "Marketing platform not updated",
        "platform_skipped": "Marketing platform not updated",
        "platform_ended": "Marketing platform not updated",
        "order_unresolved": "The order's products are not known",
    }
)
EVENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "contact_imported": "Came with an import",
        "lead_captured": "Filled in a form",
        "lead_qualified": "Known to CRM and platform",
        "purchase_completed": "Bought something",
        "refund": "Was refunded",
        "checkout_started": "Started a checkout",
        "cart_emptied": "Emptied the cart",
        "demo_booked": "Booked a demo",
        "demo_canceled": "Canceled a demo",
        "demo_no_show": "Did not come to the demo",
        "demo_no_show_undone": "Came to the demo after all",
        "demo_held": "Had the demo",
        "webinar_registered": "Registered for a webinar",
        "webinar_attended": "Came to a webinar",
        "webinar_moved": "Is told of a webinar's new time",
        "webinar_canceled": "Is told that a webinar was canceled",
        "webinar_over": "Is due the follow-up of a webinar",
        "unsubscribed": "Unsubscribed",
        "preferences_changed": "Chose what to hear about",
        "confirmation_due": "Is asked to confirm the address",
        "contact_suppressed": "Marketing was stopped by the team",
        "contact_released": "Marketing was allowed again by the team",
        "email_delivered": "Mail was delivered",
        "email_opened": "Opened a mail",
        "email_clicked": "Clicked in a mail",
        "email_bounced": "Mail came back",
        "email_complained": "Reported a mail as spam",
        "release_published": "Release published",
        "source_uploaded": "File to be read",
        "asset_requested": "Asset asked for",
        "launch_changed": "Launch changed",
        "tier_changed": "Moved to another tier",
        "engagement_dropped": "Went quiet",
        "engaged_again": "Showed a sign of life",
        "user_inactive": "Became inactive",
        "team_notified": "The team is told",
        "review_requested": "Draft waits for review",
        "review_decided": "Draft was decided on",
        "page_visited": "Visited a page",
        "profile_due": "Is about to be welcomed by their profile",
        "welcome_due": "Is due the welcome",
        "signup": "Signed up",
    }
)


def tone(state: str) -> str:
    """The look of a state."""
    return TONES.get(state, "mute")


def state(word: str) -> str:
    """A state as it is said."""
    return STATES.get(word, spoken(word))


def action(kind: str) -> str:
    """An action's kind as the beginning of a line."""
    return ACTIONS.get(kind, spoken(kind).capitalize())


def event(kind: str) -> str:
    """An event's type as people say it."""
    return EVENTS.get(kind, spoken(kind).capitalize())


def inner(text: str) -> str:
    """Words as they stand within a sentence."""
    return text[:1].lower() + text[1:]


def percent(share: object) -> str:
    """0.86 → 86%."""
    return f"{share:.0%}" if isinstance(share, (int, float)) else "—"


def pretty(value: object) -> str:
    """JSON that is read and edited by people."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def number(value: int) -> str:
    """1234567 → 1,234,567."""
    return f"{value:,}"


def initial(text: str | None) -> str:
    """The letter that stands for a person."""
    return (text or "?").strip()[:1].upper() or "?"


def query(values: Mapping[str, str], cursor: str) -> str:
    """The address's query for the next page of what was chosen."""
    return urlencode({**{name: value for name, value in values.items() if value}, "cursor": cursor})
