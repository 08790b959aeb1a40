"""`/v1/assets` over HTTP."""

from __future__ import annotations

import httpx

from api.deps import Services
from domain.sources import Block, Chapter, Document
from store import sources


async def test_an_asset_is_asked_for_listed_and_read(marketer: httpx.AsyncClient, services: Services) -> None:
    words = [Block(kind="paragraph", text="Waste nothing.")]
    document = Document(format="markdown", title="Thrift", chapters=[Chapter(title="I", blocks=words)])
    async with services.db.transaction() as tx:
        row, _ = await sources.keep(tx, "thrift.md", document, "test")
    answer = await marketer.post("/v1/assets", json={"kind": "checklist", "source_id": str(row.id)})
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert (made["slug"], made["state"], made["calls"], made["cost_usd"]) == ("thrift-checklist", "waiting", [], None)
    assert (await marketer.get(f"/v1/assets/{made['id']}")).json() == made
    listed = (await marketer.get("/v1/assets")).json()["items"]
    assert made["id"] in [one["id"] for one in listed]
    again = await marketer.post("/v1/assets", json={"kind": "checklist", "source_id": str(row.id)})
    assert again.status_code == 409


async def test_what_cannot_be_made_names_its_field(marketer: httpx.AsyncClient) -> None:
    refused = await marketer.post("/v1/assets", json={"kind": "poem"})
    assert refused.status_code == 422
    assert "No writer writes a poem." in refused.text
