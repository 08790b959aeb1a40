"""The description of the API: whole, with examples, and readable without the internet."""

from __future__ import annotations

from typing import Any

import httpx
from fastapi import FastAPI

from api.security import is_closed


def operations(app: FastAPI) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_contract_is_in_it(app: FastAPI) -> None:
    found = {f"{method} {path}" for method, path, _ in operations(app)}
    assert found >= {
        "POST /webhooks/{source}",
        "POST /forms/{form}",
        "POST /v1/events",
        "GET /v1/contacts",
        "GET /v1/contacts/{contact_id}",
        "GET /v1/contacts/{contact_id}/timeline",
        "GET /v1/contacts/{contact_id}/journeys",
        "GET /v1/contacts/{contact_id}/messages",
        "GET /v1/contacts/{contact_id}/export",
        "GET /v1/messages/{message_id}",
        "GET /v1/reviews",
        "POST /v1/reviews/{review_id}/approve",
        "POST /v1/reviews/{review_id}/edit",
        "POST /v1/reviews/{review_id}/reject",
        "POST /v1/reviews/{review_id}/regenerate",
        "GET /v1/counters",
        "GET /u/{token}",
        "POST /u/{token}",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
    }


def test_every_call_says_what_it_does_and_every_closed_one_that_it_is(app: FastAPI) -> None:
    for method, path, operation in operations(app):
        assert operation["summary"], (method, path)
        assert operation["description"], (method, path)
        assert bool(operation.get("security")) == is_closed(path), (method, path)


def test_every_reference_leads_somewhere(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]

    def walk(value: object) -> None:
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str):
                assert reference.removeprefix("#/components/schemas/") in schemas
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(app.openapi())


def test_the_bodies_that_are_read_by_hand_have_examples(app: FastAPI) -> None:
    bodies = {path: operation["requestBody"] for _, path, operation in operations(app) if "requestBody" in operation}
    for path in ("/webhooks/{source}", "/forms/{form}", "/v1/events", "/v1/t", "/u/{token}"):
        assert all(content["examples"] for content in bodies[path]["content"].values())


def test_what_every_call_can_be_refused_for_is_told(app: FastAPI) -> None:
    for method, path, operation in operations(app):
        answers = operation["responses"].keys()
        if is_closed(path):
            assert answers >= {"401", "429"}, (method, path)
        if "requestBody" in operation:
            assert answers >= {"400", "408", "413"}, (method, path)


async def test_the_page_needs_nothing_from_elsewhere(stranger: httpx.AsyncClient, app: FastAPI) -> None:
    answer = await stranger.get("/docs")
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "src=" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for method, path, _ in operations(app):
        assert f"{method} {path}" in answer.text


async def test_answers_cannot_be_framed_or_guessed(stranger: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/nowhere", "/v1/counters", "/docs"):
        headers = (await stranger.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
