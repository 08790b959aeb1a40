"""The local mailbox does what the address says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from providers.mail.simulator import simulated


def test_an_ordinary_address_is_delivered() -> None:
    assert simulated("ann@example.org", attempt_seen_before=False).event == "email_delivered"


def test_a_greylisted_address_is_refused_once_for_an_hour() -> None:
    first = simulated("ann+greylisted@example.org", attempt_seen_before=False)
    assert first.refusal is not None
    assert first.refusal.retry_after == timedelta(hours=1)
    assert (first.refusal.permanent, first.refusal.refused) == (False, True)
    second = simulated("ann+greylisted@example.org", attempt_seen_before=True)
    assert (second.refusal, second.event) == (None, "email_delivered")


@pytest.mark.parametrize("seen", [True, False])
def test_a_rejected_address_is_refused_for_good(seen: bool) -> None:
    refusal = simulated("ann+rejected@example.org", attempt_seen_before=seen).refusal
    assert refusal is not None
    assert refusal.permanent


@pytest.mark.parametrize(("tag", "event"), [("bounce", "email_bounced"), ("complained", "email_complained")])
def test_an_accepted_mail_can_still_come_to_grief(tag: str, event: str) -> None:
    done = simulated(f"ann+news+{tag}@example.org", attempt_seen_before=False)
    assert (done.refusal, done.event) == (None, event)


def test_a_name_that_only_contains_the_word_is_ordinary() -> None:
    assert simulated("bounce@example.org", attempt_seen_before=False).event == "email_delivered"
    assert simulated("ann@bounce.example.org", attempt_seen_before=False).event == "email_delivered"
