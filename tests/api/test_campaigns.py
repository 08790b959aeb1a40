"""`/v1/campaigns`: written, planned, approved, held and stopped, and all of them in one calendar."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from api.deps import Services
from domain.campaigns import Campaign
from store import campaign_edit
from store.base import now

BODY = "<mj-section><mj-column><mj-text><p>Hi {{ contact.first_name }}</p></mj-text></mj-column></mj-section>"


def written(**more: Any) -> dict[str, Any]:
    return {"name": f"Spring {uuid4().hex[:6]}", "words": {"subject": "Spring", "body": BODY}, **more}


def wall(**span: float) -> str:
    return (now() + timedelta(**span)).replace(tzinfo=None, microsecond=0).isoformat()


async def test_a_campaign_waits_for_its_approval_and_a_change_of_words_asks_again(
    marketer: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    campaign = written(schedule={"at": wall(days=3)})
    assert (await viewer.post("/v1/campaigns", json=campaign)).status_code == 403
    made = (await marketer.post("/v1/campaigns", json=campaign)).json()
    assert (made["state"], made["approved"], made["runs"]) == ("draft", False, [])
    path = f"/v1/campaigns/{made['id']}"
    planned = (await marketer.post(f"{path}/plan")).json()
    assert (planned["state"], planned["approved"], planned["runs"][0]["state"]) == ("planned", False, "scheduled")
    first = planned["review_id"]
    assert (await viewer.get(f"/v1/reviews/{first}")).json()["body"]["subject"] == "Spring"
    other = {**campaign, "words": {**campaign["words"], "subject": "Summer"}}
    changed = (await marketer.put(path, json=other)).json()
    assert changed["review_id"] != first
    assert (await viewer.get(f"/v1/reviews/{first}")).json()["state"] == "expired"
    assert (await marketer.post(f"{path}/plan")).status_code == 409
    assert (await marketer.post(f"{path}/archive")).status_code == 409


async def test_a_run_is_stopped_for_good(marketer: httpx.AsyncClient, viewer: httpx.AsyncClient) -> None:
    made = (await marketer.post("/v1/campaigns", json=written(schedule={"at": wall(days=3)}))).json()
    [run] = (await marketer.post(f"/v1/campaigns/{made['id']}/plan")).json()["runs"]
    path = f"/v1/campaign-runs/{run['id']}"
    assert (await marketer.post(f"{path}/pause")).status_code == 409
    assert (await viewer.post(f"{path}/stop")).status_code == 403
    assert (await marketer.post(f"{path}/stop")).json()["state"] == "stopped"
    assert (await viewer.get(path)).json()["reason"] == "by a person"
    assert (await marketer.post(f"{path}/stop")).status_code == 409
    assert (await marketer.post(f"/v1/campaigns/{made['id']}/archive")).status_code == 204


async def test_what_is_no_mail_is_refused_with_its_words(marketer: httpx.AsyncClient) -> None:
    answer = await marketer.post("/v1/campaigns", json=written(words={"subject": "Hi {{ contact.", "body": BODY}))
    assert (answer.status_code, "subject" in answer.text) == (422, True)
    nowhere = await marketer.post("/v1/campaigns", json=written(segment="nowhere"))
    assert nowhere.status_code == 404


async def test_no_setting_lets_sales_outreach_go_out_unapproved(
    services: Services, marketer: httpx.AsyncClient
) -> None:
    loose = services.marketing.campaigns.model_copy(update={"review_required": False})
    services.marketing = services.marketing.model_copy(update={"campaigns": loose})
    for kind, approved in (("newsletter", True), ("sales_outreach", False), ("crisis", False)):
        made = (await marketer.post("/v1/campaigns", json=written(kind=kind, schedule={"at": wall(days=3)}))).json()
        planned = (await marketer.post(f"/v1/campaigns/{made['id']}/plan")).json()
        assert (kind, planned["approved"], planned["review_id"] is None) == (kind, approved, approved)
    services.marketing = services.marketing.model_copy(
        update={"campaigns": loose.model_copy(update={"review_required": True})}
    )


async def test_187_campaigns_stand_in_one_calendar(services: Services, viewer: httpx.AsyncClient) -> None:
    mark = uuid4().hex[:6]
    walls = [{"at": wall(days=1 + number % 60, hours=number % 12)} for number in range(187)]
    for number, schedule in enumerate([*walls, {"at": wall(days=1), "repeat": "weekly"}]):
        campaign = Campaign.model_validate(written(name=f"{mark} {number}", schedule=schedule))
        async with services.db.transaction() as tx:
            row = await campaign_edit.create(tx, campaign, "user:1")
            await campaign_edit.plan(tx, row.id, "user:1", await services.clock(tx), services.marketing)
    window = {"from": now().isoformat(), "to": (now() + timedelta(days=70)).isoformat()}
    slots = (await viewer.get("/v1/campaigns/calendar", params=window)).json()
    mine = [slot for slot in slots if slot["name"].startswith(mark)]
    assert len([slot for slot in mine if slot["state"] == "scheduled"]) == 188
    assert len([slot for slot in mine if slot["state"] == "repeats"]) == 9
    moments = [datetime.fromisoformat(slot["at"]) for slot in slots]
    assert moments == sorted(moments)
    listed = (await viewer.get("/v1/campaigns", params={"limit": "200"})).json()["items"]
    assert len([one for one in listed if one["name"].startswith(mark)]) == 188
    far = {"from": window["from"], "to": (now() + timedelta(days=500)).isoformat()}
    assert (await viewer.get("/v1/campaigns/calendar", params=far)).status_code == 422
