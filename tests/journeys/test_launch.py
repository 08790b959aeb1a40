"""A launch with a model that is paid for, and workers that are killed in the middle of it."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from uuid import UUID

import pytest
from pydantic import SecretStr
from ruamel.yaml import YAML
from sqlalchemy import text

from configuration import load_marketing
from demo.calendar import eventually
from domain import content
from embedded.progress import quiet
from embedded.supervisor import Running, running
from providers.llm.offline import OfflineWriter
from providers.protocols import WritingRequest
from store import assets, launches, materials
from store.db import Database
from store.queries.launches import LaunchView, launch_view
from tests.journeys.paid import Body, Endpoint, serving
from tests.journeys.surroundings import secrets, settings_on
from tests.leftovers import new_folder, remove_folder

pytestmark = pytest.mark.timeout(600)
WITHIN_S = 300
KILLS = 3


@dataclass(frozen=True)
class Launched:
    """How the launch stood at the end, what the endpoint charged, how many drafts each has, and the money."""

    view: LaunchView
    endpoint: Endpoint
    kills: int
    drafts: Counter[UUID]
    cost: Decimal


@pytest.fixture(scope="module")
async def launched() -> AsyncIterator[Launched]:
    folder = new_folder("launch")
    settings = settings_on(folder, secrets())
    path, yaml = settings.config_dir / "marketing.yaml", YAML()
    document = yaml.load(path)
    document["writers"] = {"prices": {"small": {"input": 1, "output": 2}}, "monthly_cap_usd": 50}
    document["approvals"]["review_required"] = ["magnet", "funnel", "sequence", "offer"]
    yaml.dump(document, path)
    marketing, offline = load_marketing(settings.config_dir), OfflineWriter()

    async def words(asset_id: str) -> Body:
        """What the offline writer makes of the same material, as a model would say it."""
        async with db.transaction() as tx:
            asset = await assets.get(tx, UUID(asset_id))
            material = await materials.of_asset(tx, asset, marketing)
        kind = content.KINDS[asset.kind]
        given = WritingRequest(kind.name, kind.asked_of(material.brief), source=material.source, brief=material.brief)
        return (await offline.write(given)).value.model_dump(mode="json")

    try:
        async with serving(words, pause_s=1.5) as endpoint:
            paid = {"openai_api_key": SecretStr("sk-1"), "openai_base_url": endpoint.url, "openai_model": "small"}
            async with running(settings.model_copy(update=paid), api=False, workers=2, say=quiet) as up:
                db = Database(up.database_url)
                try:
                    yield await _launched(db, up, endpoint)
                finally:
                    await db.aclose()
    finally:
        await remove_folder(folder)


async def _launched(db: Database, up: Running, endpoint: Endpoint) -> Launched:
    async with db.transaction() as tx:
        row = await launches.begin(tx, "fieldnotes", "test")
    kills = 0
    for number in range(KILLS):
        await eventually(partial(_called, endpoint, 4 + 7 * number), "calls under way", within_s=WITHIN_S)
        pid = up.pid(f"worker-{number % 2 + 1}")
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            kills += 1
    view = await eventually(lambda: _ready(db, row.id), "all assets to be written", within_s=WITHIN_S)
    async with db.transaction() as tx:
        drafts = (await tx.execute(text("SELECT review_id FROM drafts"))).scalars()
        found = (await tx.execute(text("SELECT sum(cost_usd) FROM writer_calls"))).scalar_one()
    return Launched(view, endpoint, kills, Counter(drafts), Decimal(found))


async def _called(endpoint: Endpoint, least: int) -> bool | None:
    return len(endpoint.calls) >= least or None


async def _ready(db: Database, launch_id: UUID) -> LaunchView | None:
    async with db.transaction() as tx:
        view = await launch_view(tx, launch_id)
    return view if view.assets and not view.unwritten else None


def test_every_asset_waits_for_its_review_though_workers_were_killed(launched: Launched) -> None:
    assert launched.kills == KILLS
    assert launched.view.counts == {"for review": 28}, [one for one in launched.view.assets if one.reason]
    assert launched.view.state == "running"


def test_no_asset_was_made_twice(launched: Launched) -> None:
    assert len(launched.drafts) == 28
    assert set(launched.drafts.values()) == {1}


def test_no_tokens_were_paid_for_twice(launched: Launched) -> None:
    """A call that a dead worker had begun is made again under the same key, and such a key is charged once."""
    charged = launched.endpoint.charged
    assert set(charged.values()) == {1}
    assert sum("opinion" not in key for key in charged) == 28, "the model's opinion of a draft has a key of its own"
    assert sum(launched.endpoint.calls.values()) > len(charged), "nobody was killed in the middle of a call"


def test_each_asset_says_that_a_model_wrote_it_and_what_it_cost(launched: Launched) -> None:
    assert not any(one.offline for one in launched.view.assets)
    assert {one.model for one in launched.view.assets} == {"small"}
    assert all(one.cost_usd for one in launched.view.assets)
    assert launched.view.cost_usd == launched.cost
