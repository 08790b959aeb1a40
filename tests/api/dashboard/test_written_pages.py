"""A written sequence in the browser: as a draft with its schedule and its mails, and live like any other."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser

from configuration import read_sequence, sequence_text
from store.access import Role
from store.db import Database
from tests.api.dashboard.people import Person, sign_in, text_of
from tests.core_kit import CONFIG
from tests.funnels_kit import brief, drafted, funnel
from tests.written_kit import put_draft, put_live


async def test_a_draft_shows_when_what_goes_out_and_every_mail(marketing_person: Person, services_db: Database) -> None:
    review_id, made = await put_draft(services_db, "welcome", subject="Where it begins")
    page = text_of(await marketing_person.opens(f"/reviews/{review_id}"))
    for line in ("Day 0 Where it begins", "Day 3 A code: 20% off", "Day 7 Thought number 5", "in place of welcome"):
        assert line in page
    assert "payload.magnet is franklin-checklist" in page
    mail = await marketing_person.opens(f"/reviews/{review_id}/mails/0")
    assert "The words of mail 1." in mail
    assert "14 Harbour Row" in mail
    answer = await marketing_person.client.get(f"/reviews/{review_id}/mails/2")
    assert answer.status_code == 404, "a code is no mail"
    assert made.sequence.product == "franklin"


async def test_its_yaml_is_the_file_that_people_write(marketing_person: Person, services_db: Database) -> None:
    review_id, made = await put_draft(services_db, "upsell")
    answer = await marketing_person.client.get(f"/reviews/{review_id}/sequence.yaml")
    assert answer.headers["content-disposition"] == 'attachment; filename="franklin_upsell.yaml"'
    assert read_sequence(answer.text, "text", CONFIG, list(made.named)) == made.sequence


async def test_a_challenge_shows_its_pages_and_its_days_as_mails(
    marketing_person: Person, services_db: Database
) -> None:
    review_id = await drafted(services_db, funnel("challenge", brief()), "franklin-challenge")
    page = text_of(await marketing_person.opens(f"/reviews/{review_id}"))
    for words in ("Its days by mail", "payload.funnel is franklin-challenge", "Then Day 1 of 5: The day-1 page"):
        assert words in page
    assert page.index("The main-offer page") < page.index("Its days by mail")
    mail = await marketing_person.opens(f"/reviews/{review_id}/mails/3")
    assert "One point of day-1." in mail
    other = await drafted(services_db, funnel("tripwire", brief()), "franklin-tripwire")
    assert "by mail" not in text_of(await marketing_person.opens(f"/reviews/{other}"))


async def test_a_live_one_is_shown_and_edited_like_any_other(marketing_person: Person, services_db: Database) -> None:
    made = await put_live(services_db, "cart", subject="Still in your cart")
    page = text_of(await marketing_person.opens("/sequences/franklin_cart"))
    assert "Still in your cart" in page
    mail = await marketing_person.opens("/sequences/franklin_cart/franklin_cart_1h/body")
    assert "https://fieldnotes.example/books/franklin" in mail, "its own book, and not the programme's"
    later = sequence_text(made.sequence).replace("at: 24h", "at: 30h")
    answer = await marketing_person.posts("/sequences/franklin_cart/edit", text=later)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sequences/franklin_cart/draft")
    answer = await marketing_person.posts("/sequences/franklin_cart/edit", text=later.replace("_48h", "_other"))
    assert "there is no e-mail" in answer.text


async def test_the_draft_is_right_on_a_phone_and_a_desk(
    chromium: Browser, site: str, users: dict[Role, str], services_db: Database
) -> None:
    review_id, _ = await put_draft(services_db, "education")
    challenge = await drafted(services_db, funnel("challenge", brief()), "franklin-days")
    context = await chromium.new_context()
    page = await context.new_page()
    await sign_in(page, site, users["marketer"])
    for asset, width in ((review_id, 390), (review_id, 1280), (challenge, 390)):
        await page.goto(f"{site}/reviews/{asset}")
        await page.set_viewport_size({"width": width, "height": 900})
        found = (await Axe().run(page, options={"resultTypes": ["violations"]})).response["violations"]
        assert [f"{one['id']}: {one['nodes'][0]['html'][:150]}" for one in found] == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await context.close()
