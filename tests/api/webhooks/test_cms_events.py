"""What a CMS tells, in our words; and once an entry, however often and under whichever delivery it is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from inline_snapshot import snapshot
from starlette.datastructures import Headers

from api.webhooks.base import NotUnderstood
from api.webhooks.cms import Cms
from domain.events import Incoming
from tests.api.webhooks.kits import NOW

ENTRY = {
    "id": "post-7",
    "title": "Quiet pagers",
    "url": "https://fieldnotes.example/quiet",
    "body": "<p>Quiet &amp; calm, at <b>last</b>.</p><script>x()</script>",
    "summary": "In short.",
    "published_at": "2026-03-05T10:00:00+01:00",
}


def translate(**changes: Any) -> Incoming:
    given = {name: value for name, value in (ENTRY | changes).items() if value is not None}
    (incoming,) = Cms().translate(Headers(), json.dumps(given).encode())
    return incoming


def test_an_entry_is_told_as_one_of_a_feed_is() -> None:
    assert translate().model_dump(exclude={"raw"}, exclude_defaults=True) == snapshot(
        {
            "type": "content_published",
            "source": "cms",
            "sender_id": "post-7",
            "entity": "cms",
            "occurred_at": datetime(2026, 3, 5, hour=9, tzinfo=UTC),
            "payload": {
                "name": "Quiet pagers",
                "body": "Quiet & calm, at last.",
                "url": "https://fieldnotes.example/quiet",
            },
        }
    )


def test_a_text_that_is_no_html_keeps_its_lines() -> None:
    assert translate(body="# Quiet\n\n* if a < b\n* then c").payload["body"] == "# Quiet\n\n* if a < b\n* then c"


def test_the_summary_stands_in_for_a_body() -> None:
    assert translate(body=None).payload["body"] == "In short."


def test_an_id_may_be_a_number() -> None:
    assert translate(id=7).sender_id == "7"


@pytest.mark.parametrize("published_at", [None, "soon", "2031-01-01T00:00:00Z"])
def test_a_date_that_is_none_or_to_come_is_when_it_was_told(published_at: str | None) -> None:
    assert translate(published_at=published_at).occurred_at == NOW


@pytest.mark.parametrize("missing", ["id", "title"])
def test_an_entry_without_an_id_or_a_title_is_kept_for_a_person(missing: str) -> None:
    with pytest.raises(NotUnderstood, match=r"has no (id of the sender's|title)"):
        translate(**{missing: None})
