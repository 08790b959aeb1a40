"""A lead fills in the contact form, CRM and platform learn of it, and seven mails follow, each on its day."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
import pytest

from demo.calendar import moment_of
from store.local import CrmRecord
from tests.histories import kinds
from tests.journeys import rows
from tests.journeys.town import Person, Town, due

pytestmark = pytest.mark.timeout(900)
AFTER_S = 0

SEVEN = [
    (0, "demo_nurture_1", "What a demo with us is like"),
    (7, "demo_nurture_2", "The sentence that saves the most time"),
    (14, "demo_nurture_3", "Three people to bring, and one to leave out"),
    (21, "demo_nurture_4", "What doing nothing costs"),
    (28, "demo_nurture_5", "Three ways from here"),
    (43, "demo_reminder_15", "Is it still on your list?"),
    (58, "demo_reminder_30", "I will leave it here"),
]


@dataclass(frozen=True)
class Leads:
    """Adélaïde comes twice; Iwona is a client already."""

    adelaide: Person
    iwona: Person
    answer: httpx.Response


async def play(town: Town) -> Leads:
    adelaide, iwona = town.person("Adélaïde"), town.person("Iwona")
    await rows.known_to_crm(town.db, CrmRecord(email=iwona.email, is_client=True, original_source="referral"))
    answer = await town.senders.html_form(
        "contact", email=adelaide.email, first_name=adelaide.first_name, company=adelaide.company,
        message=adelaide.words, audience="Platform teams", utm_source="google", utm_medium="cpc",
        utm_campaign="spring", landing_page="https://fieldnotes.example/demo?utm_source=google",
    )  # fmt: skip
    await town.lead(iwona, source="website")
    start = await town.begin(adelaide, "demo_nurture")
    await town.until(start, 10)
    await town.lead(adelaide, utm_source="linkedin", utm_campaign="summer")
    await town.until(start, 58)
    await town.ended(adelaide, "demo_nurture")
    return Leads(adelaide, iwona, answer)


async def test_five_weekly_mails_then_two_more_15_and_30_days_after_the_fifth(town: Town, played: Leads) -> None:
    journey = await town.journey(played.adelaide, "demo_nurture")
    mails = await town.api.sent(played.adelaide.email, "demo_nurture")
    assert due(journey, mails) == [(day, step) for day, step, _ in SEVEN]
    assert [mail["subject"] for mail in mails] == [subject for _, _, subject in SEVEN]
    assert journey["state"] == "completed"


async def test_no_mail_goes_out_before_its_time(town: Town, played: Leads) -> None:
    mails = await town.api.sent(played.adelaide.email, "demo_nurture")
    assert [mail["step"] for mail in mails if moment_of(mail["sent_at"]) < moment_of(mail["due_at"])] == []


async def test_the_lead_has_tags_audience_and_form_source(town: Town, played: Leads) -> None:
    contact = await town.api.contact(played.adelaide.email)
    assert contact is not None
    assert {"B2B", "lead", "form:contact"} <= set(contact["tags"])
    assert (contact["audience"], contact["form_source"]) == ("Engineering", "contact")
    assert (contact["first_name"], contact["company"]) == (played.adelaide.first_name, played.adelaide.company)


async def test_the_original_touch_stays_and_every_later_one_is_kept_with_its_campaign(
    town: Town, played: Leads
) -> None:
    contact = await town.api.contact(played.adelaide.email)
    assert contact is not None
    assert (contact["original_source"], contact["latest_source"]) == ("google", "linkedin")
    first, second = contact["touches"]
    assert first["utm"] == {"source": "google", "medium": "cpc", "campaign": "spring"}
    assert first["landing_page"] == "https://fieldnotes.example/demo?utm_source=google"
    assert second["utm"] == {"source": "linkedin", "campaign": "summer"}


async def test_a_second_form_begins_no_second_nurture_and_the_timeline_says_why(town: Town, played: Leads) -> None:
    assert len(await town.api.journeys(played.adelaide.email, "demo_nurture")) == 1
    assert await town.not_entered(played.adelaide, "demo_nurture") == ["already_in_it"]


async def test_crm_and_platform_have_original_and_latest_source(town: Town, played: Leads) -> None:
    known = await rows.crm(town.db, played.adelaide.email)
    assert (known.original_source, known.touches) == ("google", ["google", "linkedin"])
    attributes = (await rows.platform(town.db, played.adelaide.email)).attributes
    assert (attributes["ORIGINAL_SOURCE"], attributes["LATEST_SOURCE"]) == ("google", "linkedin")


async def test_crm_and_platform_are_told_in_parallel(town: Town, played: Leads) -> None:
    entries = await town.api.timeline(played.adelaide.email)
    lead = next(entry for entry in entries if entry["title"] == "lead_captured")
    history = await town.temporal.get_workflow_handle(f"lead/{lead['id']}").fetch_history()
    told = [
        event.activity_task_scheduled_event_attributes.activity_type.name
        if event.HasField("activity_task_scheduled_event_attributes")
        else "done"
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
        or event.HasField("activity_task_completed_event_attributes")
    ]
    assert set(told[:2]) == {"crm.lead", "platform.lead"}, kinds(history)


async def test_a_client_is_not_nurtured_and_the_timeline_says_why(town: Town, played: Leads) -> None:
    contact = await town.api.contact(played.iwona.email)
    assert contact is not None
    assert contact["is_client"] is True
    assert await town.api.messages(played.iwona.email) == []
    assert await town.not_entered(played.iwona, "demo_nurture") == ["contact.is_client is False"]


async def test_each_mail_has_a_text_part_one_click_unsubscribe_and_the_postal_address(
    town: Town, played: Leads
) -> None:
    mails = await town.api.sent(played.adelaide.email, "demo_nurture")
    assert len(mails) == 7
    for mail in mails:
        assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["headers"]["List-Unsubscribe"].startswith(f"<{town.running.settings.public_url}/u/")
        assert "14 Harbour Row, Portland, ME 04101, USA" in mail["text"]
        assert "14 Harbour Row, Portland, ME 04101, USA" in mail["html"]
        assert played.adelaide.first_name in mail["text"]
