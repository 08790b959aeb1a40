"""Every mail of every shipped sequence can be looked at before anybody gets it."""

from __future__ import annotations

import pytest

from api.dashboard.samples import sample
from configuration import load_marketing
from tests.core_kit import CONFIG, every_shipped, shipped
from tests.programme.walking import UNFILLED

MAILS = [(one.sequence, step.key) for one in every_shipped() for step in one.walk() if step.kind == "email"]


@pytest.mark.parametrize(("sequence", "key"), MAILS)
def test_a_preview_lacks_nothing(sequence: str, key: str) -> None:
    definition = shipped(sequence)
    made = sample(CONFIG, load_marketing(CONFIG), definition, definition.step(key))
    assert made.missing == ()
    assert not UNFILLED.search(made.subject + made.text)


def test_a_preview_shows_what_the_sequences_own_code_takes_off() -> None:
    definition = shipped("reengagement")
    made = sample(CONFIG, load_marketing(CONFIG), definition, definition.step("reengagement_2"))
    assert made.subject.startswith("25% off")
