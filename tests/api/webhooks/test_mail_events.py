"""What Resend and SendGrid say became of a message, in the same words for both."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from inline_snapshot import snapshot
from starlette.datastructures import Headers

from api.webhooks.base import Malformed, NotUnderstood
from api.webhooks.resend import Resend
from api.webhooks.sendgrid import MAX_ITEMS, SendGrid
from domain.events import Incoming

MESSAGE = "14c5d75ce93"


def resend(kind: str, **changes: Any) -> Incoming:
    data = {
        "email_id": "re_1",
        "from": "Acme <hello@example.com>",
        "to": ["ada@example.com", "other@example.com"],
        "tags": {"perennial_key": "m-1", "category": "welcome"},
    } | changes
    body = {"type": f"email.{kind}", "created_at": "2026-03-05T12:00:00.123Z", "data": data}
    (incoming,) = Resend().translate(Headers({"svix-id": "msg_1"}), json.dumps(body).encode())
    return incoming


def item(event: str, **changes: Any) -> dict[str, Any]:
    return {
        "email": "ada@example.com",
        "timestamp": 1_772_712_000,
        "event": event,
        "sg_event_id": f"id-{event}",
        "sg_message_id": f"{MESSAGE}.filter0001.16648.5515E0B88.0",
        "perennial_key": "m-1",
    } | changes


def sendgrid(*items: object) -> list[Incoming]:
    return SendGrid().translate(Headers(), json.dumps(items).encode() + b"\r\n")


@pytest.mark.parametrize(
    "kind", ["delivered", "opened", "clicked", "bounced", "complained", "delivery_delayed", "failed"]
)
def test_each_of_resends_events_has_our_name(kind: str) -> None:
    event = resend(kind)
    assert (event.type, event.sender_id, event.entity) == (f"email_{kind}", "msg_1", "message:m-1")


def test_a_click_that_resend_saw_names_message_person_and_link() -> None:
    clicked = resend("clicked", click={"link": "https://example.com/a", "ipAddress": "192.0.2.1"})
    assert clicked.model_dump(exclude={"raw"}, exclude_defaults=True) == snapshot(
        {
            "type": "email_clicked",
            "source": "resend",
            "sender_id": "msg_1",
            "email": "ada@example.com",
            "entity": "message:m-1",
            "occurred_at": datetime(2026, 3, 5, hour=12, microsecond=123000, tzinfo=UTC),
            "payload": {
                "provider": "resend",
                "provider_message_id": "re_1",
                "key": "m-1",
                "link": "https://example.com/a",
                "bounce": None,
                "reason": None,
            },
        }
    )


def test_tags_in_resends_older_form_give_the_key_too() -> None:
    assert (
        resend("opened", tags=[{"name": "other", "value": "x"}, {"name": "perennial_key", "value": "m-2"}]).payload[
            "key"
        ]
        == "m-2"
    )


def test_without_our_key_the_message_is_known_by_resends_id() -> None:
    event = resend("opened", tags=None)
    assert (event.payload["key"], event.entity) == (None, "message:re_1")


@pytest.mark.parametrize(
    ("kind", "ours"),
    [("Permanent", "hard"), ("Temporary", "soft"), ("Transient", "soft"), ("Undetermined", "soft"), (None, "soft")],
)
def test_only_a_permanent_bounce_of_resends_is_hard(kind: str | None, ours: str) -> None:
    bounced = resend("bounced", bounce={"type": kind, "subType": "General", "message": "no such box"})
    assert bounced.payload["bounce"] == {"kind": ours, "reason": "no such box"}


def test_what_resend_failed_or_refused_to_send_says_why() -> None:
    assert resend("failed", failed={"reason": "reached_daily_quota"}).payload["reason"] == "reached_daily_quota"
    assert resend("suppressed", suppressed={"message": "on the list"}).type == "email_failed"


def test_a_recipient_with_a_display_name_is_read() -> None:
    assert resend("opened", to="Ada Lovelace <ada@example.com>").email == "ada@example.com"


def test_resends_other_events_keep_their_names() -> None:
    assert resend("sent").type == "resend.email.sent"


def test_a_message_of_resends_that_is_not_named_is_kept() -> None:
    with pytest.raises(NotUnderstood, match="names no message"):
        resend("opened", email_id=None, tags=None)


@pytest.mark.parametrize(
    ("event", "ours"),
    [
        ("processed", "email_processed"),
        ("delivered", "email_delivered"),
        ("open", "email_opened"),
        ("click", "email_clicked"),
        ("bounce", "email_bounced"),
        ("dropped", "email_failed"),
        ("spamreport", "email_complained"),
        ("unsubscribe", "unsubscribed"),
        ("group_unsubscribe", "unsubscribed"),
        ("deferred", "email_delivery_delayed"),
        ("account_status_change", "sendgrid.account_status_change"),
    ],
)
def test_each_of_sendgrids_events_has_our_name(event: str, ours: str) -> None:
    (incoming,) = sendgrid(item(event))
    assert (incoming.type, incoming.sender_id) == (ours, f"id-{event}")


def test_a_batch_is_one_event_for_each_item_in_order_each_with_its_own_bytes() -> None:
    first, second = sendgrid(item("delivered", response="250 OK"), item("click", url="https://example.com/a"))
    assert first.model_dump(exclude={"raw"}, exclude_defaults=True) == snapshot(
        {
            "type": "email_delivered",
            "source": "sendgrid",
            "sender_id": "id-delivered",
            "email": "ada@example.com",
            "entity": "message:m-1",
            "occurred_at": datetime(2026, 3, 5, hour=12, tzinfo=UTC),
            "payload": {
                "provider": "sendgrid",
                "provider_message_id": "14c5d75ce93",
                "key": "m-1",
                "link": None,
                "bounce": None,
                "reason": "250 OK",
                "machine": False,
            },
        }
    )
    assert second.payload["link"] == "https://example.com/a"
    assert json.loads(second.raw) == item("click", url="https://example.com/a")


def test_the_message_is_known_by_the_id_that_the_api_had_answered() -> None:
    (event,) = sendgrid(item("open", perennial_key=None))
    assert (event.payload["provider_message_id"], event.entity) == (MESSAGE, f"message:{MESSAGE}")


@pytest.mark.parametrize(("kind", "ours"), [("bounce", "hard"), ("blocked", "soft"), (None, "hard")])
def test_a_block_of_sendgrids_may_pass_and_a_bounce_does_not(kind: str | None, ours: str) -> None:
    (event,) = sendgrid(item("bounce", type=kind, reason="550 no such box"))
    assert event.payload["bounce"] == {"kind": ours, "reason": "550 no such box"}


def test_an_open_by_a_machine_is_marked() -> None:
    (event,) = sendgrid(item("open", sg_machine_open=True))
    assert event.payload["machine"] is True


def test_one_bad_item_does_not_take_the_good_ones_with_it() -> None:
    with pytest.raises(NotUnderstood) as kept:
        sendgrid(item("open"), 3, item("click", sg_event_id=None), {}, item("delivered"))
    assert [event.type for event in kept.value.understood] == ["email_opened", "email_delivered"]
    assert [letter.incoming.type for letter in kept.value.dead] == [
        "sendgrid.unknown",
        "email_clicked",
        "sendgrid.unknown",
    ]
    assert kept.value.incoming.raw == b"3"
    assert len({letter.incoming.sender_id for letter in kept.value.dead}) == 3


def test_an_empty_batch_says_nothing() -> None:
    assert sendgrid() == []


@pytest.mark.parametrize("body", [b"{}", b"3", json.dumps([0] * (MAX_ITEMS + 1)).encode()])
def test_what_is_no_batch_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        SendGrid().translate(Headers(), body)
