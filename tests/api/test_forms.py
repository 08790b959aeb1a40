"""`POST /forms/{form}`: HTML and JSON alike, with a proof of consent and no open redirect."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from api.deps import Services
from store.contacts import Consent
from tests.api.callers import caller, contact_of, somebody, timeline_of

FULL = {
    "first_name": "Ada",
    "company": "Engines",
    "message": "Hello",
    "source": "website",
    "audience": "developers",
    "utm_source": "google",
    "utm_medium": "cpc",
    "utm_campaign": "spring",
    "landing_page": "https://acme.example/demo",
}


@pytest.mark.parametrize("kind", ["data", "json", "files"])
async def test_html_and_json_make_the_same_contact(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, kind: str
) -> None:
    email = somebody()
    fields = {**FULL, "email": f" {email.title()} "}
    if kind == "files":
        answer = await stranger.post("/forms/contact", files={key: (None, value) for key, value in fields.items()})
    else:
        answer = await stranger.post("/forms/contact", **{kind: fields})  # type: ignore[arg-type]
    assert answer.status_code == (202 if kind == "json" else 303)
    contact = await contact_of(viewer, email)
    assert (contact["first_name"], contact["company"], contact["audience"]) == ("Ada", "Engines", "developers")
    assert set(contact["tags"]) >= {"B2B"}
    assert (contact["form_source"], contact["original_source"]) == ("contact", "google")
    [touch] = contact["touches"]
    assert touch["utm"] == {"source": "google", "medium": "cpc", "campaign": "spring"}
    assert touch["landing_page"] == FULL["landing_page"]


async def test_the_form_says_what_it_is_not_the_visitor(stranger: httpx.AsyncClient, viewer: httpx.AsyncClient) -> None:
    email = somebody()
    await stranger.post("/forms/quiet", json={"email": email, "tags": ["admin"], "event": "purchase_completed"})
    [event] = await timeline_of(viewer, email)
    assert event["title"] == "page_visited"
    assert (await contact_of(viewer, email))["tags"] == []


async def test_consent_is_kept_with_its_wording_and_without_the_address(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, services: Services
) -> None:
    email = somebody()
    await stranger.post("/forms/contact", data={"email": email})
    contact = await contact_of(viewer, email)
    async with services.db.transaction() as tx:
        rows = await tx.run_sync(lambda session: session.query(Consent).filter_by(contact_id=contact["id"]).all())
    [proof] = rows
    assert (proof.granted, proof.place, proof.wording) == (True, "form:contact", "We may write to you.")
    assert len(proof.ip_hash) == 64
    assert "192.0.2.1" not in str(proof)


@pytest.mark.parametrize(
    ("form", "fields"), [("contact", {"consent": "off"}), ("contact", {"consent": ""}), ("astray", {})]
)
async def test_there_is_no_consent_without_a_wording_or_against_the_box(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, form: str, fields: dict[str, str]
) -> None:
    email = somebody()
    await stranger.post(f"/forms/{form}", data={"email": email, **fields})
    assert (await contact_of(viewer, email))["consented_at"] is None


@pytest.mark.parametrize(("form", "target"), [("contact", "/thanks"), ("quiet", "/done"), ("astray", "/thanks")])
async def test_the_browser_is_sent_to_our_own_pages_only(stranger: httpx.AsyncClient, form: str, target: str) -> None:
    answer = await stranger.post(f"/forms/{form}?redirect=//evil.example", data={"email": somebody()})
    assert (answer.status_code, answer.headers["location"]) == (303, target)


async def test_the_page_that_thanks_is_there_and_escapes_the_brand(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/thanks")
    assert answer.status_code == 200
    assert "Acme &lt;Books&gt;" in answer.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "email"),
        ({"email": ""}, "email"),
        ({"email": "ada@"}, "email"),
        ({"email": "a@b.example", "first_name": "x" * 201}, "first_name"),
    ],
)
@pytest.mark.parametrize("kind", ["data", "json"])
async def test_what_cannot_be_used_is_told_with_its_field(
    stranger: httpx.AsyncClient, kind: str, fields: dict[str, str], field: str
) -> None:
    answer = await stranger.post("/forms/contact", **{kind: fields})  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"#/{field}"


async def test_an_unknown_form_is_not_found(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.post("/forms/other", data={"email": somebody()})).status_code == 404


async def test_a_post_that_is_repeated_under_its_id_changes_nothing(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    fields = {"email": somebody(), "submission_id": uuid4().hex}
    outcomes = [(await stranger.post("/forms/contact", json=fields)).json()["outcome"] for _ in range(2)]
    assert outcomes == ["accepted", "duplicate"]
    assert len(await timeline_of(viewer, fields["email"])) == 1


async def test_text_that_the_database_cannot_hold_is_taken_all_the_same(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    email = somebody()
    answer = await stranger.post("/forms/contact", data={"email": email, "message": "a\x00b", "company": "\ud83d"[:0]})
    assert answer.status_code == 303
    answer = await stranger.post(
        "/forms/contact",
        content=b'{"email": "%s", "message": "\\u0000\\ud800"}' % email.encode(),
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 202
    assert len(await timeline_of(viewer, email)) == 2


async def test_without_its_database_the_visitor_is_asked_to_try_again(app_without_database: FastAPI) -> None:
    async with caller(app_without_database) as client:
        answer = await client.post("/forms/contact", json={"email": somebody()})
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
