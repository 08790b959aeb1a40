"""Webinars over the API, and the page on which people register."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from api.deps import Services
from domain.marketing import Marketing
from store.base import now
from store.contacts import Consent
from store.webinars import Webinar
from tests.api.callers import contact_of, somebody
from tests.webinars_kit import RULES

LATER = (now() + timedelta(days=40)).replace(tzinfo=None, microsecond=0)


@pytest.fixture(scope="session")
def marketing(marketing: Marketing) -> Marketing:
    return marketing.model_copy(update={"webinars": RULES.model_copy(update={"consent_wording": "You may write."})})


async def made(marketer: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    plain = {"title": "Nights <b>on</b> call", "starts_at": LATER.isoformat(), "zone": "America/New_York"}
    answer = await marketer.post("/v1/webinars", json=plain | changes)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_webinar_is_made_moved_and_canceled(marketer: httpx.AsyncClient) -> None:
    webinar = await made(marketer)
    assert webinar["code"].startswith("WB")
    path = f"/v1/webinars/{webinar['code']}"
    written = {"title": "Other", "starts_at": (LATER + timedelta(days=1)).isoformat(), "revision": webinar["revision"]}
    moved = await marketer.put(path, json=written)
    assert (moved.status_code, moved.json()["title"]) == (200, "Other")
    assert (await marketer.put(path, json=written)).status_code == 409
    assert (await marketer.post(f"{path}/cancel")).json()["state"] == "canceled"
    assert (await marketer.get(path)).json()["state"] == "canceled"


async def test_a_start_without_a_zone_is_in_the_webinars_own(marketer: httpx.AsyncClient) -> None:
    webinar = await made(marketer, starts_at=f"{now().year + 1}-01-05T14:00:00")
    assert datetime.fromisoformat(webinar["starts_at"]).hour == 19


async def test_what_is_wrong_is_told_with_its_field(marketer: httpx.AsyncClient) -> None:
    answer = await marketer.post("/v1/webinars", json={"title": "x", "starts_at": LATER.isoformat(), "zone": "Mars"})
    assert answer.status_code == 422
    assert "America/New_York" in answer.text


async def test_somebody_registers_on_the_page_with_organization_phone_and_campaign(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, marketer: httpx.AsyncClient
) -> None:
    webinar, email = await made(marketer), somebody()
    page = await stranger.get(f"/webinars/{webinar['code']}", params={"utm_campaign": 'spring"><script>'})
    assert page.status_code == 200
    assert "Nights &lt;b&gt;on&lt;/b&gt; call" in page.text
    assert "<script" not in page.text
    assert 'value="spring&#34;' in page.text
    fields = {"email": email, "organization_type": "ymca", "phone": "+1 555 0100", "utm_campaign": "spring"}
    answer = await stranger.post(f"/webinars/{webinar['code']}", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/webinars/{webinar['code']}/registered")
    assert "You have a place" in (await stranger.get(answer.headers["location"])).text
    contact = await contact_of(viewer, email)
    assert (contact["audience"], contact["tags"]) == ("YMCA", ["B2B"])
    places = await viewer.get(f"/v1/webinars/{webinar['code']}/registrations")
    assert [one["email"] for one in places.json()["items"]] == [email]


async def test_a_form_without_an_address_comes_back_with_what_was_written(
    stranger: httpx.AsyncClient, marketer: httpx.AsyncClient
) -> None:
    webinar = await made(marketer)
    answer = await stranger.post(f"/webinars/{webinar['code']}", data={"company": "Ada's"})
    assert answer.status_code == 422
    assert "Your email address is needed." in answer.text
    assert "Ada&#39;s" in answer.text
    assert (await stranger.post(f"/webinars/{webinar['code']}", json={})).status_code == 422


async def test_a_box_that_was_not_ticked_is_no_consent(
    stranger: httpx.AsyncClient, marketer: httpx.AsyncClient, services: Services
) -> None:
    webinar = await made(marketer)
    await stranger.post(f"/webinars/{webinar['code']}", data={"email": somebody()})
    async with services.db.transaction() as tx:
        proofs = select(func.count()).select_from(Consent).where(col(Consent.place) == f"webinar:{webinar['code']}")
        assert (await tx.execute(proofs)).scalar_one() == 0


async def test_one_that_is_over_or_canceled_or_was_never_there_takes_nobody(
    stranger: httpx.AsyncClient, marketer: httpx.AsyncClient
) -> None:
    webinar = await made(marketer)
    await marketer.post(f"/v1/webinars/{webinar['code']}/cancel")
    assert "does not take place" in (await stranger.get(f"/webinars/{webinar['code']}")).text
    assert (await stranger.post(f"/webinars/{webinar['code']}", data={"email": somebody()})).status_code == 409
    assert (await stranger.get("/webinars/WB999999")).status_code == 404


async def test_a_list_of_who_came_says_which_rows_say_nothing(
    stranger: httpx.AsyncClient, marketer: httpx.AsyncClient, services: Services
) -> None:
    webinar, email = await made(marketer), somebody()
    await stranger.post(f"/webinars/{webinar['code']}", data={"email": email})
    path = f"/v1/webinars/{webinar['code']}/attendance"
    early = await marketer.post(path, content=f"Email\n{email}\n")
    assert (early.status_code, "not begun yet" in early.text) == (409, True)
    async with services.db.transaction() as tx:
        begun = now() - timedelta(minutes=5)
        await tx.execute(update(Webinar).where(col(Webinar.code) == webinar["code"]).values(starts_at=begun))
    answer = await marketer.post(path, content=f"Email\n{email}\nnobody@example.com\nnonsense\n")
    assert answer.json()["came"] == 1
    assert [(one["line"], one["address"]) for one in answer.json()["wrong"]] == [
        (3, "nobody@example.com"),
        (4, "nonsense"),
    ]
