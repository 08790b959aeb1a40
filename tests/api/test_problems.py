"""Every error is a problem document that names the field, and never tells what it should not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any

import httpx
import pytest
import structlog
from fastapi import Body, FastAPI, HTTPException, Query
from fastapi.responses import StreamingResponse
from inline_snapshot import snapshot
from pydantic import BaseModel, ConfigDict, Field

from api.problems import MAX_ERRORS, MEDIA_TYPE, ResponseBrokenError, install, pointer, pointer_of, responses
from domain.errors import Conflict, Invalid, NotDurable, NotFound, ProviderError

SECRET = "ada@example.com sk_live_123"


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=10)
    tags: dict[str, int] = Field(default_factory=dict)


ERRORS: dict[str, Exception] = {
    "invalid": Invalid("The cart has no id.", field="payload.cart_id"),
    "not-found": NotFound("There is no such contact."),
    "conflict": Conflict("Ada approved it first."),
    "not-durable": NotDurable("It could not be stored."),
    "provider": ProviderError("rate_limited", SECRET, retry_after=timedelta(seconds=1.2)),
    "unexpected": ValueError(SECRET),
    "teapot": HTTPException(418, "Short and stout."),
    "unauthorized": HTTPException(401, headers={"WWW-Authenticate": "Bearer"}),
    "structured": HTTPException(400, {"secret": SECRET}),
    "redirect": HTTPException(303, headers={"Location": "/sign-in"}),
}


def build() -> FastAPI:
    app = FastAPI()

    @app.get("/raise/{name}")
    async def fail(name: str) -> None:
        raise ERRORS[name]

    @app.post("/items", responses=responses(404, 422))
    async def items(_: Annotated[list[Item], Body()], limit: Annotated[int, Query()] = 1) -> int:
        return limit

    @app.get("/broken")
    async def broken() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"begun"
            raise ValueError(SECRET)

        return StreamingResponse(pieces())

    install(app)
    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=build())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def document(client: httpx.AsyncClient, name: str) -> tuple[httpx.Response, dict[str, Any]]:
    response = await client.get(f"/raise/{name}")
    assert response.headers["content-type"] == MEDIA_TYPE
    assert SECRET not in response.text
    return response, response.json()


async def test_our_own_error_says_what_and_where(client: httpx.AsyncClient) -> None:
    response, body = await document(client, "invalid")
    assert response.status_code == 422
    assert body == snapshot(
        {
            "type": "urn:perennial:problem:invalid",
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": "The cart has no id.",
            "code": "invalid",
            "errors": [{"detail": "The cart has no id.", "pointer": "#/payload/cart_id", "location": "body"}],
        }
    )


@pytest.mark.parametrize(("name", "status", "code"), [("not-found", 404, "not_found"), ("conflict", 409, "conflict")])
async def test_each_of_our_errors_has_its_status(client: httpx.AsyncClient, name: str, status: int, code: str) -> None:
    response, body = await document(client, name)
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)


async def test_what_could_not_be_stored_says_when_to_try_again(client: httpx.AsyncClient) -> None:
    response, _ = await document(client, "not-durable")
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")


async def test_what_a_vendor_said_is_not_repeated_but_its_wish_to_wait_is(client: httpx.AsyncClient) -> None:
    response, body = await document(client, "provider")
    assert (response.status_code, body["code"], response.headers["retry-after"]) == (502, "rate_limited", "2")


async def test_an_unexpected_error_tells_nothing_but_an_id_that_is_in_the_log(client: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logs:
        response, body = await document(client, "unexpected")
    assert (response.status_code, body["code"]) == (500, "internal")
    (entry,) = logs
    assert entry["instance"] == body["instance"]
    assert (entry["error"], entry["route"]) == ("ValueError", "/raise/{name}")
    assert any("test_problems.py" in place for place in entry["places"])
    assert SECRET not in repr(logs)


async def test_an_answer_that_breaks_off_is_cut_without_telling_why(client: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logs, pytest.raises(ResponseBrokenError) as cut:
        await client.get("/broken")
    assert cut.value.args == (logs[0]["instance"],)
    assert cut.value.__suppress_context__


async def test_an_http_error_keeps_its_detail_and_its_headers(client: httpx.AsyncClient) -> None:
    teapot, body = await document(client, "teapot")
    assert (teapot.status_code, body["detail"], body["code"]) == (418, "Short and stout.", "im_a_teapot")
    unauthorized, _ = await document(client, "unauthorized")
    assert unauthorized.headers["www-authenticate"] == "Bearer"


async def test_a_detail_that_is_no_sentence_is_not_repeated(client: httpx.AsyncClient) -> None:
    assert (await document(client, "structured"))[1]["detail"] == "Bad Request"


async def test_a_redirect_stays_a_redirect(client: httpx.AsyncClient) -> None:
    response = await client.get("/raise/redirect")
    assert (response.status_code, response.headers["location"], response.content) == (303, "/sign-in", b"")


async def test_a_path_that_is_not_there_and_a_method_that_is_not_are_problems_too(client: httpx.AsyncClient) -> None:
    missing, wrong = await client.get("/nowhere"), await client.delete("/items")
    assert (missing.json()["code"], wrong.json()["code"]) == ("not_found", "method_not_allowed")
    assert wrong.headers["allow"] == "POST"


async def test_each_wrong_field_is_named_by_a_pointer_into_what_was_sent(client: httpx.AsyncClient) -> None:
    sent = [{"email": "x" * 11}, {"tags": {"a/b~c": "no"}, "email": "x", "wörld": 1}]
    response = await client.post("/items?limit=no", json=sent)
    assert response.status_code == 422
    assert response.headers["content-type"] == MEDIA_TYPE
    assert response.json() == snapshot(
        {
            "type": "urn:perennial:problem:invalid",
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": "4 fields cannot be used.",
            "code": "invalid",
            "errors": [
                {
                    "detail": "Input should be a valid integer, unable to parse string as an integer",
                    "pointer": "#/limit",
                    "location": "query",
                },
                {"detail": "String should have at most 10 characters", "pointer": "#/0/email", "location": "body"},
                {
                    "detail": "Input should be a valid integer, unable to parse string as an integer",
                    "pointer": "#/1/tags/a~1b~0c",
                    "location": "body",
                },
                {"detail": "Extra inputs are not permitted", "pointer": "#/1/w%C3%B6rld", "location": "body"},
            ],
        }
    )


async def test_a_value_that_was_sent_is_not_repeated(client: httpx.AsyncClient) -> None:
    response = await client.post("/items", json=[{"email": SECRET}])
    assert SECRET not in response.text
    assert response.json()["errors"][0]["pointer"] == "#/0/email"


async def test_a_body_that_is_not_json_says_so(client: httpx.AsyncClient) -> None:
    response = await client.post("/items", content=b'[{"email": ', headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert response.json()["errors"] == snapshot(
        [{"detail": "Not valid JSON at character 11.", "pointer": "#", "location": "body"}]
    )


@pytest.mark.parametrize(
    "content",
    [b"\xff", b"[" * 100_000, rb'[{"\ud800": 1}]', b"9" * 10_000, b'[{"email": NaN}]', b"", b"null", b'{"a":1}'],
)
async def test_no_body_makes_an_unexpected_error(client: httpx.AsyncClient, content: bytes) -> None:
    response = await client.post("/items", content=content, headers={"content-type": "application/json"})
    assert response.status_code in {400, 422}
    assert response.headers["content-type"] == MEDIA_TYPE


async def test_of_many_wrong_fields_the_first_hundred_are_named(client: httpx.AsyncClient) -> None:
    response = await client.post("/items", json=[{}] * 1000)
    assert len(response.json()["errors"]) == MAX_ERRORS
    assert response.json()["detail"] == "1000 fields cannot be used."


def test_a_field_is_named_as_a_pointer_however_it_was_given() -> None:
    assert pointer_of("payload.items.0") == "#/payload/items/0"
    assert pointer_of("/payload/items") == pointer_of("#/payload/items") == "#/payload/items"
    assert pointer(["a/b", "m~n", "é", "\ud800"]) == "#/a~1b/m~0n/%C3%A9/%3F"


async def test_openapi_shows_the_document(client: httpx.AsyncClient) -> None:
    api = (await client.get("/openapi.json")).json()
    described = api["paths"]["/items"]["post"]["responses"]["404"]["content"]
    assert list(described) == [MEDIA_TYPE]
    schema = described[MEDIA_TYPE]["schema"]
    assert {"type", "title", "status", "detail", "code"} <= set(schema["required"])
    assert "pointer" in json.dumps(schema["properties"]["errors"])
    assert "$ref" not in json.dumps(schema)
