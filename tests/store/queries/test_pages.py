"""Cursors: opaque, and never a way to an error that is not told as one."""

from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid
from store.queries.pages import Cursor, cut


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_cursor_comes_back_as_it_was(at: datetime, row: object) -> None:
    cursor = Cursor(at, str(row))
    assert Cursor.decode(cursor.encode()) == cursor
    assert cursor.uuid == row


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "é",
        "A" * 4000,
        packed([]),
        packed({"at": 1}),
        packed(["2026-01-01", "a"]),
        packed(["2026-01-01T00:00:00+00:00", 7]),
        packed(["2026-01-01T00:00:00+00:00", "\x00"]),
        packed(["never", "a"]),
    ],
)
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        Cursor.decode(text)
    assert refused.value.field == "cursor"


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    with contextlib.suppress(Invalid):
        Cursor.decode(text)


def test_the_last_page_has_no_next() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert cut([1, 2], 2, lambda row: Cursor(at, str(row))) == ([1, 2], None)
    kept, after = cut([1, 2, 3], 2, lambda row: Cursor(at, str(row)))
    assert kept == [1, 2]
    assert after is not None
    assert Cursor.decode(after).id == "2"
