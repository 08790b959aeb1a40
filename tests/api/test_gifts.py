"""`/g/{slug}` and what follows: offered, asked for, taken, downloaded; only what is live, and looking is free."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import pypdf
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.deps import Services
from domain.catalogue import Quote
from domain.magnets import Quiz
from providers.magnet_links import MagnetLink, magnet_token
from settings import Settings
from store import assets, review_drafts
from store.assets import Publication
from store.base import now
from store.contacts import Contact
from store.contexts import Asked, programme
from store.journeys import Journey
from store.offers import Package
from store.review_drafts import Asset as Draft
from store.review_drafts import Words
from tests import magnets_kit
from tests.api.callers import SECRET, caller, contact_of, somebody, timeline_of
from tests.api.conftest import running, temporal_is_up
from tests.core_kit import shipped

MAIL = shipped("magnet_delivery")
QUIZ, LIST = "walden-quiz", "franklin-checklist"
READER = Quote(text="It got me <out> of bed.", by="Ada L.", role="Operator")


@pytest.fixture(scope="module")
async def site(database_url: str, settings_for: Callable[[str], Settings]) -> AsyncIterator[FastAPI]:
    """The shipped brand with a low price and a reader's words for one book; two live magnets, one not."""
    shipped = magnets_kit.MARKETING
    changed = {"intro_price": "7.99", "intro_url": "https://fieldnotes.example/walden-7", "testimonials": [READER]}
    books = [
        one.model_validate({**one.model_dump(), **changed}) if one.key == "walden" else one for one in shipped.catalogue
    ]
    marketing = shipped.model_copy(update={"catalogue": books})
    app = create_app(settings_for(database_url), marketing=marketing, temporal=temporal_is_up)
    async with running(app):
        services: Services = app.state.services
        await magnets_kit.published(services.db, "walden", "quiz", QUIZ, marketing)
        await magnets_kit.published(services.db, "franklin", "checklist", LIST, marketing)
        await magnets_kit.drafted(services.db, "walden", "worksheet", "walden-worksheet")
        yield app


@pytest.fixture
async def stranger(site: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(site) as client:
        yield client


def link(contact_id: str, magnet: str, ends_in: timedelta = timedelta(days=1)) -> str:
    return magnet_token(SECRET, MagnetLink(UUID(contact_id), magnet, now() + ends_in))


async def asked(stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, slug: str) -> tuple[str, str]:
    """Somebody who asked for it: their address and their id."""
    email = somebody()
    answer = await stranger.post(f"/g/{slug}", data={"email": email, "consent": "on"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/g/{slug}/thanks")
    return email, (await contact_of(viewer, email))["id"]


async def test_only_what_is_live_is_there(stranger: httpx.AsyncClient) -> None:
    for path in ("walden-worksheet", "nothing", "walden-worksheet/thanks", f"{LIST}/quiz"):
        assert (await stranger.get(f"/g/{path}")).status_code == 404, path
    assert (await stranger.post("/g/walden-worksheet", data={"email": somebody()})).status_code == 404
    assert (await stranger.post(f"/g/{LIST}/quiz", data={})).status_code == 404


async def test_a_page_says_what_was_approved_and_what_readers_said(stranger: httpx.AsyncClient) -> None:
    with_readers = await stranger.get(f"/g/{QUIZ}")
    assert "What readers said of Walden" in with_readers.text
    assert "It got me &lt;out&gt; of bed." in with_readers.text
    without = (await stranger.get(f"/g/{LIST}")).text
    assert without.count("<li>") == 5
    assert "readers said" not in without


async def test_asking_makes_a_lead_with_its_source_and_nothing_else_does(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    page = (await stranger.get(f"/g/{LIST}", params={"utm_source": 'pod"cast', "utm_campaign": "spring"})).text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    assert hidden["utm_source"] == "pod&#34;cast"
    email = somebody()
    given = {**hidden, "utm_source": "podcast", "email": email, "first_name": "Ada", "consent": "on"}
    for _ in range(2):
        assert (await stranger.post(f"/g/{LIST}", data=given)).status_code == 303
    contact = await contact_of(viewer, email)
    assert set(contact["tags"]) == {"lead", "source:podcast", f"magnet:{LIST}"}
    assert contact["attributes"] == {"magnet": LIST, "magnet_kind": "checklist"}
    told = [line["title"] for line in await timeline_of(viewer, email)]
    assert told == ["lead_captured", "confirmation_due"]


async def test_without_a_good_address_the_page_comes_again_and_says_what_is_wrong(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.post(f"/g/{LIST}", data={"email": "", "first_name": "Ada <b>"})
    assert answer.status_code == 422
    assert "Your email address is needed." in answer.text
    assert 'value="Ada &lt;b&gt;"' in answer.text
    mistyped = await stranger.post(f"/g/{LIST}", data={"email": "ada(at)example.com"})
    assert "This is not an email address" in mistyped.text


async def test_the_link_of_the_mail_gives_what_was_published(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    email, contact_id = await asked(stranger, viewer, LIST)
    token = link(contact_id, LIST)
    page = await stranger.get(f"/m/{token}")
    pages = re.search(r"The PDF has (\d+) pages", page.text)
    assert pages is not None
    assert "instead of" not in page.text
    assert await timeline_titles(viewer, email) == ["lead_captured", "confirmation_due"]
    for _ in range(2):
        made = await stranger.post(f"/m/{token}", data={"format": "pdf"})
        assert made.headers["content-disposition"] == f'attachment; filename="{LIST}.pdf"'
    reader = pypdf.PdfReader(io.BytesIO(made.content))
    assert len(reader.pages) == int(pages[1])
    assert reader.metadata is not None
    assert reader.metadata.author == "Benjamin Franklin"
    said = " ".join(" ".join(one.extract_text() for one in reader.pages).split())
    assert "Lose no time; be always employed in something useful" in said
    html = await stranger.post(f"/m/{token}", data={"format": "html"})
    assert html.headers["content-type"].startswith("text/html")
    assert "Lose no time; be always employed in something useful" in html.text
    assert await timeline_titles(viewer, email) == ["lead_captured", "confirmation_due", "lead_magnet_downloaded"]
    assert (await stranger.get(f"/m/{link(contact_id, LIST, timedelta(seconds=-1))}")).status_code == 410
    assert (await stranger.get(f"/m/{link(contact_id, 'walden-worksheet')}")).status_code == 404


async def timeline_titles(viewer: httpx.AsyncClient, email: str) -> list[str]:
    return [line["title"] for line in await timeline_of(viewer, email)]


async def answers_of(site: FastAPI, best: bool) -> dict[str, str]:
    services: Services = site.state.services
    async with services.db.transaction() as tx:
        quiz = Quiz.model_validate((await assets.live(tx, QUIZ, "magnet")).body)
    points = [[option.points for option in one.options] for one in quiz.questions]
    return {f"q{number}": str(one.index((max if best else min)(one))) for number, one in enumerate(points)}


async def test_a_quiz_is_scored_here_and_says_so_of_who_is_known(
    site: FastAPI, stranger: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    email, contact_id = await asked(stranger, viewer, QUIZ)
    token = link(contact_id, QUIZ)
    assert f'href="/g/{QUIZ}/quiz?m={token}"' in (await stranger.get(f"/m/{token}")).text
    page = await stranger.get(f"/g/{QUIZ}/quiz", params={"m": token})
    assert 'name="email"' not in page.text
    assert page.text.count("<fieldset") == 10
    best = await answers_of(site, best=True)
    worst = await answers_of(site, best=False)
    low = await stranger.post(f"/g/{QUIZ}/quiz", data={**worst, "m": token, "score": "100"})
    assert "At the beginning" in low.text
    assert "Get the book for $7.99" in low.text
    assert "quiz:starting" in (await contact_of(viewer, email))["tags"]
    high = await stranger.post(f"/g/{QUIZ}/quiz", data={**best, "m": token, "submission_id": "second"})
    assert "100&nbsp;%" in high.text
    assert "Books that go together" in high.text
    assert "Meditations" in high.text
    tags = (await contact_of(viewer, email))["tags"]
    assert ("quiz:advanced" in tags, "quiz:starting" in tags) == (True, False)
    [_, taken] = [line for line in await timeline_of(viewer, email) if line["title"] == "quiz_completed"]
    payload = taken["details"]["payload"]
    assert (payload["quiz"], payload["score"], payload["segment"]) == (QUIZ, 100, "advanced")


async def test_a_quiz_by_address_makes_a_lead_and_without_one_nothing(
    site: FastAPI, stranger: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    best = await answers_of(site, best=True)
    assert "Far along" in (await stranger.post(f"/g/{QUIZ}/quiz", data=best)).text
    email = somebody()
    given = {**best, "email": email, "submission_id": "a-form-1", "utm_source": "podcast"}
    for _ in range(2):
        assert (await stranger.post(f"/g/{QUIZ}/quiz", data=given)).status_code == 200
    assert {"lead", "quiz:advanced", "source:podcast"} <= set((await contact_of(viewer, email))["tags"])
    assert sorted(await timeline_titles(viewer, email)) == ["confirmation_due", "lead_captured", "quiz_completed"]
    forged = {**best, "m": link((await contact_of(viewer, email))["id"], LIST), "email": ""}
    assert (await stranger.post(f"/g/{QUIZ}/quiz", data=forged)).status_code == 200
    assert len(await timeline_of(viewer, email)) == 3


@pytest.mark.parametrize("wrong", ["", "9", "-1", "x", "01"])
async def test_an_unanswered_question_is_asked_again(site: FastAPI, stranger: httpx.AsyncClient, wrong: str) -> None:
    given = {**await answers_of(site, best=True), "q3": wrong}
    answer = await stranger.post(f"/g/{QUIZ}/quiz", data=given)
    assert answer.status_code == 422
    assert "1 question has no answer yet." in answer.text
    assert answer.text.count(" checked") == 9


async def test_the_mail_speaks_of_what_was_published(
    site: FastAPI, stranger: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    """As it does of what the configuration names; of what is not live it says nothing."""
    services: Services = site.state.services
    _, contact_id = await asked(stranger, viewer, QUIZ)
    said: dict[str, dict[str, Any]] = {}
    async with services.db.transaction() as tx:
        contact = await tx.get_one(Contact, UUID(contact_id))
        clock = await services.clock(tx)
        journey = Journey(
            id=uuid4(), contact_id=contact.id, sequence=MAIL.sequence, version=1, entry_event=uuid4(), entry_seq=1,
            entry_no=1, workflow_id="w",
        )  # fmt: skip
        for key in (QUIZ, "quiet-pager", "walden-worksheet", ""):
            contact.attributes = {"magnet": key}
            step = Asked(tx, services.marketing, clock, journey, MAIL, MAIL.steps[0], contact)
            said[key] = {}
            assert await programme.magnet(step, said[key]) is None
        await tx.rollback()
    assert said[QUIZ]["magnet"]["title"] == "Walden: a quiz for running software quietly"
    assert (said[QUIZ]["magnet"]["key"], said[QUIZ]["magnet"]["kind"]) == (QUIZ, "quiz")
    assert said["quiet-pager"]["magnet"]["title"] == "The Quiet Pager Checklist"
    assert said["walden-worksheet"] == said[""] == {}


async def test_the_script_is_ours_and_kept(stranger: httpx.AsyncClient) -> None:
    first = await stranger.get("/g/quiz.js")
    assert first.headers["content-type"].startswith("text/javascript")
    again = await stranger.get("/g/quiz.js", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


async def test_who_is_far_along_is_led_to_the_bundle_that_is_live(site: FastAPI, stranger: httpx.AsyncClient) -> None:
    services: Services = site.state.services
    body = {"title": "Quiet shelf"}
    async with services.db.transaction() as tx:
        of_quiz = await assets.live(tx, QUIZ, "magnet")
        asset = await assets.request(tx, assets.Wanted("offer_bundle", "fieldnotes-shelf", "Quiet shelf"), "ana")
        words = Words(body=body, digest="d", quality={}, author="writer:test", model="", offline=True)
        new = Draft(asset.id, asset.origin, "offer_bundle", "offer", "Quiet shelf", required=True)
        assert await review_drafts.first(tx, new, words)
        tx.add(
            Publication(
                slug="fieldnotes-shelf", asset_id=asset.id, kind="offer_bundle", channel="offer", title="Quiet shelf",
                draft=1, digest="d", body=body, live_at=of_quiz.live_at,
            )
        )  # fmt: skip
        tx.add(
            Package(slug="fieldnotes-shelf", key="bundle", products=["walden", "franklin"], amount=Decimal(20),
                    currency="USD")
        )  # fmt: skip
    answer = await stranger.post(f"/g/{QUIZ}/quiz", data=await answers_of(site, best=True))
    assert 'href="/o/fieldnotes-shelf"' in answer.text
    assert "Quiet shelf" in answer.text
    low = await stranger.post(f"/g/{QUIZ}/quiz", data=await answers_of(site, best=False))
    assert "/o/fieldnotes-shelf" not in low.text
