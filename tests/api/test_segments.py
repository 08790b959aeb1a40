"""`/v1/segments`: a filter is kept, counted, explained, and refused where it says nothing."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from api.deps import Services
from domain.events import Incoming
from tests.api.callers import somebody


async def tagged(services: Services, *tags: str) -> str:
    email = somebody()
    await services.take(
        Incoming(type="seen", source="test", email=email, sender_id=uuid4().hex, payload={"tags": list(tags)})
    )
    return email


async def test_a_segment_is_kept_counted_and_explained(
    services: Services, marketer: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    tag, key = f"t{uuid4().hex[:8]}", f"seg_{uuid4().hex[:8]}"
    node = {"all": [{"kind": "tag", "tag": tag}, {"not": {"kind": "event", "event": "refund"}}]}
    email = await tagged(services, tag)
    other = await tagged(services)
    assert (await viewer.put(f"/v1/segments/{key}", json={"name": "Them", "filter": node})).status_code == 403
    made = await marketer.put(f"/v1/segments/{key}", json={"name": "Them", "filter": node})
    assert (made.status_code, made.json()["count"], made.json()["version"]) == (200, 1, 1)
    assert (await viewer.post("/v1/segments/count", json={"filter": node})).json() == {"count": 1}
    [member] = (await viewer.get(f"/v1/segments/{key}/contacts")).json()["items"]
    assert member["email"] == email
    people = (await viewer.get("/v1/contacts", params={"email": other})).json()["items"]
    why = (await viewer.get(f"/v1/segments/{key}/contacts/{people[0]['id']}")).json()
    assert [part["holds"] for part in why] == [False, False]
    assert why[0]["sentence"] == f"has the tag “{tag}”"
    assert key in {one["key"] for one in (await viewer.get("/v1/segments")).json()}
    assert (await marketer.delete(f"/v1/segments/{key}")).status_code == 204
    assert (await viewer.get(f"/v1/segments/{key}")).status_code == 404


@pytest.mark.parametrize(
    "node", [{"all": [{"kind": "wealth"}]}, {"kind": "tag"}, {"all": [{"kind": "event", "event": "x", "days": 0}]}, {}]
)
async def test_a_filter_that_says_nothing_is_refused_with_its_place(
    marketer: httpx.AsyncClient, node: dict[str, object]
) -> None:
    answer = await marketer.put("/v1/segments/wrong", json={"name": "Wrong", "filter": node})
    assert answer.status_code == 422
    assert "filter" in answer.text
