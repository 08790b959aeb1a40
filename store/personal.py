"""Where a person's data stands: every table, either with how a person's rows are found in it, or with why it has none.

A test fails for a table that is not named here, so that nothing new is forgotten when a person asks what is held, or
to be forgotten. The conditions may use `:ids` (the contact's id and those merged into it, uuid[]), `:id_texts` (the
same as text[]) and `:emails` (all of the person's addresses in their normal form, text[]); `t` is the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.erasure import ERASED
from domain.reasons import sentence

_CONTACT = "t.contact_id = ANY(:ids)"
_ADDRESS = "t.email = ANY(:emails)"
_THEIR_EVENTS = "SELECT e.id FROM events e WHERE e.contact_id = ANY(:ids)"
_THEIR_REVIEWS = f"SELECT r.id FROM reviews r WHERE r.origin IN ({_THEIR_EVENTS})"  # noqa: S608 - constants alone
_CAMPAIGN = "t.utm ->> 'campaign'"
# Somebody was asked to decide about a draft of theirs.
_ASKED = f"EXISTS (SELECT FROM ({_THEIR_REVIEWS}) r WHERE strpos(t.url, r.id::text) > 0)"
_VISITED = "(t.visitor, t.funnel) IN (SELECT v.visitor, v.funnel FROM funnel_visits v WHERE v.contact_id = ANY(:ids))"
_LINKED = "EXISTS (SELECT FROM unnest(:id_texts) i WHERE strpos(t.url, i) > 0)"


def _named(words: str) -> str:
    """Whether one of their addresses stands in some words."""
    return f"EXISTS (SELECT FROM unnest(:emails) e WHERE strpos(lower({words}), e) > 0)"


def _unnamed(column: str, key: str = "id") -> str:
    """A number of somebody else's that stays, unless it was made of the person's address."""
    return f"CASE WHEN {_named(f't.{column}')} THEN 'erased:' || t.{key} ELSE t.{column} END"


@dataclass(frozen=True, slots=True)
class Held:
    """How a person's rows are found (`where`), and what an erasure makes of them.

    They are deleted; where `keeps` names columns, these stay as they are, `becomes` (SQL by column) says what others
    become, and all the rest is emptied. `only` narrows which of the rows are erased, where some are of many people.
    """

    where: str
    keeps: str = ""
    becomes: Mapping[str, str] = field(default_factory=dict)
    only: str = "true"


# What is about a person. In the order in which it is erased: what leads to other rows comes after them.
HELD: Mapping[str, Held] = {
    # Proofs of sales and of what went out stay as counts, without who it was.
    "mail_words": Held(
        "t.digest IN (SELECT m.words FROM messages m WHERE m.contact_id = ANY(:ids))",
        keeps="digest",
        # Words with marks in them are of many people, and hold nothing of anybody.
        only="t.digest IN (SELECT m.words FROM messages m WHERE m.contact_id = ANY(:ids) AND m.fields = '{}')",
    ),
    "messages": Held(
        _CONTACT,
        keeps="id journey_id run_id contact_id sequence step lane state reason words provider attempts refusals due_at"
        " first_called_at calling_until created_at sent_at delivered_at opened_at clicked_at bounced_at complained_at",
    ),
    "discount_codes": Held("t.code IN (SELECT d.code FROM discounts d WHERE d.contact_id = ANY(:ids))"),
    "discounts": Held(_CONTACT),
    "notifications": Held(
        f"{_LINKED} OR {_ASKED} OR {_named('t.title || t.text')}",
        keeps="id urgent told at",
        becomes={"title": "'Erased'"},
    ),
    "audit": Held(
        f"t.target = ANY(:id_texts) OR {_named('t.details::text')}",
        keeps="id at actor action",
    ),
    # An offer for one person: nothing in its words says who that is, once its options do not.
    "assets": Held(
        "t.options ->> 'contact' = ANY(:id_texts)",
        keeps="id origin launch_id kind slug title product source_id needs state reason requested_by created_at"
        " started_at written_at held_until",
    ),
    "drafts": Held(f"t.review_id IN ({_THEIR_REVIEWS})"),
    "review_comments": Held(f"t.review_id IN ({_THEIR_REVIEWS})"),
    "reviews": Held(f"t.origin IN ({_THEIR_EVENTS})"),
    "consents": Held(_CONTACT),
    "touches": Held(
        _CONTACT,
        keeps="id contact_id event_id occurred_at",
        becomes={
            "source": _unnamed("source"),
            # What a sale is credited to.
            "utm": f"CASE WHEN {_named(_CAMPAIGN)} THEN '{{}}'"
            " ELSE jsonb_strip_nulls(jsonb_build_object('campaign', t.utm -> 'campaign')) END",
        },
    ),
    "actions": Held(_CONTACT),
    "campaign_recipients": Held(_CONTACT, keeps="run_id contact_id position due_at"),
    "assignments": Held(_CONTACT, keeps="experiment contact_id variant journey_id at"),
    "bookings": Held(
        _CONTACT,
        keeps="id contact_id event_id state starts_at ends_at replaces changed_at",
        becomes={"invitee_uri": "'erased:' || t.id"},
    ),
    "carts": Held(_CONTACT),
    # Books have to be kept; the payment's number is what a later refund names.
    "orders": Held(
        _CONTACT,
        keeps="id event_id contact_id products kinds total tax currency unresolved paid_at journey_id",
        becomes={"external_id": _unnamed("external_id"), "payment_intent": _unnamed("payment_intent")},
    ),
    "refunds": Held(
        _CONTACT,
        keeps="id event_id contact_id products amount occurred_at",
        becomes={"payment_intent": _unnamed("payment_intent")},
    ),
    # Of somebody who is a buyer too. What they earned stays in the books; nothing more is earned.
    "affiliates": Held(
        _ADDRESS,
        keeps="code percent hold_days created_at",
        becomes={"ended_at": "coalesce(t.ended_at, now())"},
    ),
    # What somebody else earned of their order stays earned; nothing in it says whose the order was.
    "commissions": Held(
        "t.order_id IN (SELECT o.id FROM orders o WHERE o.contact_id = ANY(:ids))",
        keeps="order_id affiliate percent base amount reversed paid currency earned_at due_at paid_at",
    ),
    "subscriptions": Held(_CONTACT),
    "engagement": Held(_CONTACT),
    "reaction_firings": Held(_CONTACT),
    "segment_members": Held(_CONTACT),
    "webinar_registrations": Held(
        _CONTACT, keeps="id webinar_id contact_id event_id registered_at schedule told listed attended_at settled"
    ),
    # Counts stay; which of them was the person does not. Their visits, by which the others are found, come last.
    "funnel_steps": Held(_VISITED, keeps="visitor funnel step shown_at accepted_at declined_at paid_at"),
    "funnel_checkouts": Held(
        _VISITED,
        keeps="id visitor funnel step products amount bump_amount currency offered created_at open_until paid_at",
    ),
    "funnel_visits": Held(
        _CONTACT,
        keeps="visitor funnel began_at",
        becomes={"source": _unnamed("source", "visitor")},
    ),
    "tasks": Held(_CONTACT),
    "profiles": Held(_CONTACT),
    "recommendations": Held(_CONTACT),
    "inapp_messages": Held(_CONTACT),
    # A line that was not carried out has no contact, but may have their address in a cell.
    "import_rows": Held(
        f"{_CONTACT} OR EXISTS (SELECT FROM jsonb_array_elements_text(t.cells) c WHERE lower(btrim(c)) = ANY(:emails))",
        keeps="import_id line",
        # What was done can no longer be undone, and what was not is not done any more.
        becomes={
            "state": "CASE WHEN t.state IN ('added', 'changed') THEN 'kept' ELSE 'wrong' END",
            "reason": f"'{sentence(ERASED).replace(chr(39), chr(39) * 2)}'",
        },
    ),
    "crm_records": Held(_ADDRESS),
    "crm_notes": Held(_ADDRESS),
    "platform_records": Held(_ADDRESS),
    "outbox_mails": Held("lower(t.recipient) = ANY(:emails)"),
    "rehearsals": Held(_named("t.given::text")),
    "journeys": Held(
        _CONTACT,
        keeps="id sequence version contact_id entry_event entry_seq entry_no exclusive about workflow_id state reason"
        " revision notified shift_s paused_at step next_due_at deferred deferred_until missed missed_to gap_s anchor_at"
        " reached_at heard started_at ended_at",
    ),
    # A dead letter may name somebody without having been given to them.
    "events": Held(
        f"{_CONTACT} OR (t.state = 'rejected' AND t.contact_id IS NULL AND EXISTS (SELECT FROM unnest(:emails) e"
        " WHERE strpos(lower(t.payload::text), e) > 0 OR position(convert_to(e, 'UTF8') IN t.raw) > 0))",
        keeps="id seq type source sender_id contact_id occurred_at received_at client_side state attempts duplicates"
        " counted routed_at",
        becomes={
            "key": "CASE WHEN t.contact_id IS NULL THEN 'erased' ELSE t.key END",
            "reason": "CASE WHEN t.state = 'rejected' THEN 'erased' END",
        },
    ),
    "identities": Held(_CONTACT),
    "contacts": Held(
        "t.id = ANY(:ids)",
        keeps="id erased_at merged_into created_at",
        becomes={"timezone": "'UTC'", "language": "'en'"},
    ),
}

# What holds nothing about a contact, and why that is so.
NONE: Mapping[str, str] = {
    "api_keys": "keys of machines",
    "campaign_runs": "states and counts of a campaign",
    "campaigns": "what the team wrote for many",
    "erased_names": "keyed digests of names, by which nobody can be found",
    "erasures": "proofs: keyed digests, counts and vendors' answers",
    "feeds": "addresses of what others publish, and when it was read",
    "imports": "names and counts of files",
    "inbox_keys": "ids of rows, with positions and leases",
    "instance": "settings of this installation",
    "launches": "states of a brand's launch",
    "offers": "what is offered to everybody",
    "outbox_refusals": "ids of messages",
    "payouts": "what was paid to business partners",
    "posts": "what was published for everybody",
    "promotions": "what is offered to everybody",
    "publications": "what was published for everybody",
    "segments": "conditions that describe many",
    "sequence_changes": "versions and counts",
    "sequence_drafts": "what the team is writing for many",
    "sequence_versions": "what the team wrote for many",
    "sequences": "names and states of sequences",
    "sessions": "the team's own sign-ins",
    "source_uploads": "names of files that became sources",
    "sources": "what the team has written for everybody",
    "upload_pieces": "pieces of a file, deleted once it was read; lines of people stand in import_rows",
    "users": "the team's own accounts",
    "webinars": "what is held for many; who registered stands in webinar_registrations",
    "writer_calls": "models, tokens and money",
}
