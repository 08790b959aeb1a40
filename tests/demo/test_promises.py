"""The last line counts honestly."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from demo.promises import Promises, broken, last_line, show


def test_the_last_line_counts_what_held_and_names_what_did_not() -> None:
    cart, leads = Promises("4  Cart"), Promises("1  B2B lead")
    cart.add("Bob paid after the first reminder: one reminder, no more", held=True)
    leads.same("Seven mails", 6, 7)
    assert last_line([leads, cart]) == "1 of 2 promises held; not held: Seven mails"
    assert [promise.found for promise in broken([leads, cart])] == ["found 6, wanted 7"]


def test_when_all_held_the_last_line_says_just_that() -> None:
    part = Promises("4  Cart")
    part.add("One reminder, no more", held=True)
    assert last_line([part]) == "1 of 1 promises held"


def test_each_promise_is_shown_in_words_with_a_tick_or_a_cross() -> None:
    part = Promises("4  Cart")
    part.add("One reminder", held=True)
    part.add("No more", held=False, found="two")
    shown = StringIO()
    show(Console(file=shown, width=80), [part])
    assert "✓ One reminder" in shown.getvalue()
    assert "✗ No more  (two)" in shown.getvalue()
