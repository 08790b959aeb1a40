"""`/healthz`, `/readyz`, `/metrics`: each part for itself, and nothing personal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from api.deps import Services
from api.health import Temporal
from domain.marketing import Marketing
from settings import Settings
from tests.api.callers import caller, somebody


async def temporal_is_down() -> None:
    message = "no connection to secret.host"
    raise ConnectionError(message)


async def temporal_says_nothing() -> None:
    await asyncio.sleep(60)


async def test_with_every_part_there_it_is_ready(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "postgresql": "ok", "migrations": "ok", "temporal": "ok"},
    )


@pytest.mark.parametrize("check", [temporal_is_down, temporal_says_nothing])
async def test_with_temporal_down_it_is_not_ready_and_still_takes_events(
    database_url: str,
    marketing: Marketing,
    settings_for: Callable[[str], Settings],
    check: Callable[[], object],
) -> None:
    app = create_app(settings_for(database_url), marketing=marketing, temporal=check)  # type: ignore[arg-type]
    async with app.router.lifespan_context(app), caller(app) as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["temporal"], answer.json()["postgresql"]) == (503, "down", "ok")
        assert "secret.host" not in answer.text
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.post("/forms/contact", json={"email": somebody()})).status_code == 202


async def test_without_postgresql_it_lives_and_is_not_ready(app_without_database: FastAPI) -> None:
    async with caller(app_without_database) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok", "pid": os.getpid()}
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["postgresql"], answer.json()["temporal"]) == (503, "down", "ok")
        assert (await client.get("/metrics")).status_code == 200


async def test_nobody_listens_where_temporal_should_be(services: Services) -> None:
    away = Temporal(services.settings.model_copy(update={"temporal_address": "127.0.0.1:9"}))
    with pytest.raises(Exception, match=r".+"):
        await away()


async def test_metrics_are_well_formed_and_hold_nothing_personal(stranger: httpx.AsyncClient) -> None:
    email = somebody()
    await stranger.post("/forms/contact", json={"email": email})
    await stranger.request("SPY", f"/u/{email}")
    await stranger.get(f"/nowhere/{email}")
    text = (await stranger.get("/metrics")).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert email not in text
    assert families.keys() >= {"perennial_http_requests", "perennial_events", "perennial_messages"}
    labels = [sample.labels for sample in families["perennial_http_requests"].samples]
    assert {"method": "POST", "route": "/forms/{form}", "status": "202"} in labels
    assert {one["method"] for one in labels} <= {"GET", "POST", "HEAD", "OPTIONS", "other"}


async def test_a_source_of_somebodys_own_is_no_label(services: Services) -> None:
    made = replace(services)
    for source in ("api:shop-1", "api:shop-2", "form:contact", "something"):
        made.metrics.event(source, "accepted")
    text = made.metrics.exposition(None).decode()
    assert "shop" not in text
    assert 'source="other"' in text
