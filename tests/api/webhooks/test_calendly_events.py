"""Calendly's events in our words. Bodies as in Calendly's documentation."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from inline_snapshot import snapshot
from starlette.datastructures import Headers

from api.webhooks.base import Malformed, NotUnderstood
from api.webhooks.calendly import Calendly
from domain.events import Incoming

EVENT = "https://api.calendly.com/scheduled_events/E1"
INVITEE = f"{EVENT}/invitees/I1"
OLD = "https://api.calendly.com/scheduled_events/E0/invitees/I0"


def envelope(event: str = "invitee.created", **changes: Any) -> bytes:
    payload = {
        "uri": INVITEE,
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "status": "active",
        "timezone": "Europe/London",
        "rescheduled": False,
        "old_invitee": None,
        "new_invitee": None,
        "cancel_url": "https://calendly.com/cancellations/I1",
        "reschedule_url": "https://calendly.com/reschedulings/I1",
        "questions_and_answers": [{"question": "Team size?", "answer": "40", "position": 0}, {"answer": "lost"}, 3],
        "tracking": {"utm_source": "news", "utm_medium": None, "salesforce_uuid": "x"},
        "scheduled_event": {
            "uri": EVENT,
            "name": "Product demo",
            "start_time": "2026-03-05T13:00:00+01:00",
            "end_time": "2026-03-05T12:30:00.000000Z",
            "location": {"type": "zoom", "join_url": "https://zoom.example/j/1"},
        },
    } | changes
    return json.dumps({"event": event, "created_at": "2026-03-01T09:00:00.000000Z", "payload": payload}).encode()


def one(body: bytes) -> Incoming:
    (incoming,) = Calendly().translate(Headers(), body)
    return incoming


def test_a_booking_has_its_time_its_links_and_its_answers() -> None:
    assert one(envelope()).model_dump(exclude={"raw"}, exclude_defaults=True) == snapshot(
        {
            "type": "demo_booked",
            "source": "calendly",
            "sender_id": "invitee.created:https://api.calendly.com/scheduled_events/E1/invitees/I1",
            "email": "ada@example.com",
            "entity": "calendly:https://api.calendly.com/scheduled_events/E1/invitees/I1",
            "occurred_at": datetime(2026, 3, 1, hour=9, tzinfo=UTC),
            "payload": {
                "invitee_uri": "https://api.calendly.com/scheduled_events/E1/invitees/I1",
                "event_uri": "https://api.calendly.com/scheduled_events/E1",
                "event_name": "Product demo",
                "starts_at": "2026-03-05T12:00:00+00:00",
                "ends_at": "2026-03-05T12:30:00+00:00",
                "join_url": "https://zoom.example/j/1",
                "cancel_url": "https://calendly.com/cancellations/I1",
                "reschedule_url": "https://calendly.com/reschedulings/I1",
                "rescheduled": False,
                "old_invitee": None,
                "new_invitee": None,
                "name": "Ada Lovelace",
                "timezone": "Europe/London",
                "questions": [{"question": "Team size?", "answer": "40"}],
                "utm": {"utm_source": "news"},
            },
        }
    )


def test_a_booking_and_its_cancellation_are_two_events_of_one_invitee() -> None:
    booked, canceled = one(envelope()), one(envelope("invitee.canceled"))
    assert canceled.type == "demo_canceled"
    assert booked.entity == canceled.entity
    assert booked.sender_id != canceled.sender_id


def test_both_halves_of_a_reschedule_name_each_other() -> None:
    canceled = one(envelope("invitee.canceled", uri=OLD, rescheduled=True, new_invitee=INVITEE))
    created = one(envelope(old_invitee=OLD))
    assert (canceled.type, canceled.payload["rescheduled"]) == ("demo_canceled", True)
    assert (created.type, created.payload["rescheduled"]) == ("demo_booked", False)
    assert canceled.payload["new_invitee"] == created.payload["invitee_uri"]
    assert created.payload["old_invitee"] == canceled.payload["invitee_uri"]


def test_a_no_show_that_is_marked_again_after_it_was_taken_back_is_another_event() -> None:
    first = one(envelope("invitee_no_show.created", no_show={"uri": "https://api.calendly.com/invitee_no_shows/N1"}))
    again = one(envelope("invitee_no_show.created", no_show={"uri": "https://api.calendly.com/invitee_no_shows/N2"}))
    assert first.type == "demo_no_show"
    assert first.payload["invitee_uri"] == INVITEE
    assert first.sender_id != again.sender_id


def test_a_booking_may_have_no_end_and_no_place() -> None:
    bare = {"uri": EVENT, "name": "Demo", "start_time": "2026-03-05T12:00:00Z"}
    booked = one(envelope(scheduled_event=bare))
    assert (booked.payload["ends_at"], booked.payload["join_url"]) == (None, None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"uri": None}, "no URI"),
        ({"email": None}, "no email address"),
        ({"email": "nobody"}, "no email address"),
        ({"scheduled_event": {"uri": EVENT}}, "no start time"),
        ({"scheduled_event": {"start_time": "soon"}}, "no start time"),
    ],
)
def test_a_booking_that_lacks_what_we_need_is_kept(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotUnderstood, match=reason) as kept:
        Calendly().translate(Headers(), envelope(**changes))
    assert kept.value.incoming.type == "demo_booked"


def test_a_cancellation_needs_no_time() -> None:
    assert one(envelope("invitee.canceled", scheduled_event={"uri": EVENT})).type == "demo_canceled"


def test_other_events_keep_their_names() -> None:
    assert one(envelope("routing_form_submission.created")).type == "calendly.routing_form_submission.created"


def test_a_body_that_is_no_object_is_malformed() -> None:
    with pytest.raises(Malformed):
        Calendly().translate(Headers(), b"[]")


def test_a_no_show_that_is_taken_back_is_an_event_each_time() -> None:
    body = json.loads(envelope("invitee_no_show.deleted"))
    first, repeat = (one(json.dumps(body).encode()) for _ in range(2))
    again = one(json.dumps(body | {"created_at": "2031-03-07T10:00:00.000000Z"}).encode())
    assert (first.type, first.sender_id) == ("demo_no_show_undone", repeat.sender_id)
    assert first.sender_id != again.sender_id
