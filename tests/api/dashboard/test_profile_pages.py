"""What was chosen for a person, on their page: why, by whom, and changed there by those who may."""

from __future__ import annotations

import re
from uuid import UUID

from domain.profiles import Choice, Profile
from store.db import Database
from store.profiles import Origin, keep_profile, keep_recommendation
from tests.api.callers import somebody
from tests.api.dashboard.people import Person
from tests.api.dashboard.town import Town

READY = Profile(interests=["on-call"], price_range="low", format="training", buying_stage="ready")
CHOICE = Choice("welcome_ready", "on-call-design", "buying stage is ready → welcome_ready", "")
FORM = {"price_range": "high", "format": "digital", "buying_stage": "comparing", "then": "choose"}


async def lead(town: Town) -> UUID:
    return await town.happens("lead_captured", somebody(), {"form": "checklist"})


async def made_by_model(db: Database, contact_id: UUID) -> None:
    async with db.transaction() as tx:
        await keep_profile(tx, contact_id, READY, CHOICE, Origin("model", "openai"))
        await keep_recommendation(tx, contact_id, ["tracing-deep-dive"], Origin("model", "openai"))


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


async def test_the_page_says_what_was_chosen_and_why(viewing: Person, town: Town, services_db: Database) -> None:
    contact_id = await lead(town)
    await made_by_model(services_db, contact_id)
    text = words(await viewing.opens(f"/contacts/{contact_id}"))
    for part in ("on-call", "Why this sequence", "buying stage is ready → welcome_ready", "On-call Design"):
        assert part in text
    assert "By the model openai" in text
    assert "Recommended after a purchase Tracing Deep Dive" in text


async def test_without_a_profile_the_page_says_why_everybody_gets_the_same(viewing: Person, town: Town) -> None:
    text = words(await viewing.opens(f"/contacts/{await lead(town)}"))
    assert "Profiles are turned off in the configuration" in text


async def test_a_model_that_was_away_is_told_in_words(viewing: Person, town: Town, services_db: Database) -> None:
    contact_id = await lead(town)
    async with services_db.transaction() as tx:
        await keep_profile(tx, contact_id, None, Choice(), Origin("model", "openai", "model_away"))
    assert "The model did not answer in time" in words(await viewing.opens(f"/contacts/{contact_id}"))


async def test_a_marketer_chooses_and_the_page_says_who_it_was(
    marketing_person: Person, town: Town, services_db: Database
) -> None:
    contact_id = await lead(town)
    await made_by_model(services_db, contact_id)
    path = f"/contacts/{contact_id}"
    given = FORM | {"interests": "tracing", "offer": "capacity-planning", "recommendations": "incident-practice"}
    assert (await marketing_person.posts(f"{path}/profile", **given)).status_code == 303
    page = await marketing_person.opens(path)
    text = words(page)
    assert "By Marketer" in text
    assert "No model changes it." in text
    for part in ("Interests tracing", "chosen by hand → capacity-planning", "Recommended after a purchase Incident"):
        assert part in text
    for chosen in (
        'value="tracing" checked',
        'value="capacity-planning" selected',
        'value="incident-practice" checked',
    ):
        assert chosen in page
    assert "Profile overridden" in text


async def test_what_the_model_recommends_stays_the_models_where_nothing_is_ticked(
    marketing_person: Person, town: Town, services_db: Database
) -> None:
    contact_id = await lead(town)
    await made_by_model(services_db, contact_id)
    path = f"/contacts/{contact_id}"
    assert (await marketing_person.posts(f"{path}/profile", **FORM)).status_code == 303
    assert "Tracing Deep Dive By the model openai" in words(await marketing_person.opens(path))
    given = FORM | {"recommendations": "incident-practice"}
    assert (await marketing_person.posts(f"{path}/profile", **given)).status_code == 303
    assert 'name="recommended"' in await marketing_person.opens(path)
    assert (await marketing_person.posts(f"{path}/profile", recommended="yes", **FORM)).status_code == 303
    assert "Recommended after a purchase" not in words(await marketing_person.opens(path))


async def test_it_is_left_to_the_model_again_by_a_button(
    marketing_person: Person, town: Town, services_db: Database
) -> None:
    contact_id = await lead(town)
    await made_by_model(services_db, contact_id)
    assert (await marketing_person.posts(f"/contacts/{contact_id}/profile", then="release")).status_code == 303
    assert "Why this sequence" not in await marketing_person.opens(f"/contacts/{contact_id}")


async def test_what_is_not_configured_is_refused_with_a_sentence(marketing_person: Person, town: Town) -> None:
    contact_id = await lead(town)
    for given in ({"interests": "yachts"}, {"sequence": "cart_recovery"}, {"price_range": "any"}):
        answer = await marketing_person.posts(f"/contacts/{contact_id}/profile", **(FORM | given))
        assert answer.status_code == 422


async def test_a_viewer_is_neither_offered_the_form_nor_obeyed(viewing: Person, town: Town) -> None:
    contact_id = await lead(town)
    assert "Choose for them" not in await viewing.opens(f"/contacts/{contact_id}")
    assert (await viewing.posts(f"/contacts/{contact_id}/profile", **FORM)).status_code == 403
