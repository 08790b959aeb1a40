"""Closed by default: no key, no answer; too low a role, no change; another site's page, no change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated
from uuid import uuid4

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute

from api import auth, problems, security
from api.deps import Services
from api.security import NotSignedIn, Principal, csrf, csrf_token, require_person
from store import access
from store.access import ROLES, Role
from tests.api.callers import PUBLIC_URL, caller, somebody

# What a stranger may call, all of it; every other route answers 401 without a key.
OPEN = {
    ("POST", "/webhooks/{source}"),
    ("POST", "/forms/{form}"),
    ("GET", "/thanks"),
    ("GET", "/u/{token}"),
    ("POST", "/u/{token}"),
    ("GET", "/u/{token}/preferences"),
    ("POST", "/u/{token}/preferences"),
    ("GET", "/c/{token}"),
    ("POST", "/c/{token}"),
    ("GET", "/webinars/{code}"),
    ("POST", "/webinars/{code}"),
    ("GET", "/m/{token}"),
    ("POST", "/m/{token}"),
    ("GET", "/g/{slug}"),
    ("POST", "/g/{slug}"),
    ("GET", "/g/{slug}/quiz"),
    ("POST", "/g/{slug}/quiz"),
    ("GET", "/d/{token}"),
    ("POST", "/d/{token}/new-link"),
    ("POST", "/d/{token}/{product}/{number}"),
    ("GET", "/a/{code}"),
    ("GET", "/o/{slug}"),
    ("POST", "/o/{slug}"),
    ("GET", "/o/{slug}/paid/{token}"),
    ("GET", "/f/{slug}"),
    ("POST", "/f/{slug}"),
    ("GET", "/f/{slug}/{step}"),
    ("POST", "/f/{slug}/{step}"),
    ("POST", "/f/{slug}/{step}/seen"),
    ("GET", "/f/{slug}/{step}/paid/{token}"),
    ("GET", "/till/{checkout}"),
    ("POST", "/till/{checkout}"),
    ("GET", "/t.js"),
    ("POST", "/v1/t"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
}
# What needs more than a viewer's key.
MARKETER = {
    ("POST", "/v1/events"),
    ("GET", "/v1/lists/{name}"),
    ("POST", "/v1/sequences/{key}/enrolments"),
    ("PUT", "/v1/contacts/{contact_id}/profile"),
    ("DELETE", "/v1/contacts/{contact_id}/profile"),
    ("POST", "/v1/sequences"),
    ("PUT", "/v1/segments/{key}"),
    ("DELETE", "/v1/segments/{key}"),
    ("POST", "/v1/campaigns"),
    ("PUT", "/v1/campaigns/{campaign_id}"),
    ("POST", "/v1/campaigns/{campaign_id}/plan"),
    ("POST", "/v1/campaigns/{campaign_id}/copy"),
    ("POST", "/v1/campaigns/{campaign_id}/archive"),
    ("POST", "/v1/campaign-runs/{run_id}/pause"),
    ("POST", "/v1/campaign-runs/{run_id}/resume"),
    ("POST", "/v1/campaign-runs/{run_id}/stop"),
    ("POST", "/v1/messages/{message_id}/settle"),
    ("POST", "/v1/sequences/{key}/pause"),
    ("POST", "/v1/sequences/{key}/resume"),
    ("POST", "/v1/journeys/{journey_id}/pause"),
    ("POST", "/v1/journeys/{journey_id}/resume"),
    ("POST", "/v1/sequences/{key}/versions/{version}/restore"),
    ("POST", "/v1/sequences/changes/{change_id}/halt"),
    ("POST", "/v1/sequences/changes/{change_id}/resume"),
    ("POST", "/v1/suppressions"),
    ("POST", "/v1/suppressions/release"),
    ("POST", "/v1/offers/{slug}/end"),
    ("POST", "/v1/published/{slug}/take-back"),
    ("POST", "/v1/affiliates"),
    ("PUT", "/v1/affiliates/{code}"),
    ("POST", "/v1/affiliates/{code}/end"),
    ("POST", "/v1/affiliates/{code}/payouts"),
    ("POST", "/v1/launches"),
    ("POST", "/v1/assets"),
    ("POST", "/v1/launches/{launch_id}/stop"),
    ("POST", "/v1/launches/{launch_id}/resume"),
    ("POST", "/v1/launches/{launch_id}/again"),
    ("POST", "/v1/inapp/{message_id}/seen"),
    ("POST", "/v1/inapp/{message_id}/clicked"),
    ("POST", "/v1/webinars"),
    ("PUT", "/v1/webinars/{code}"),
    ("POST", "/v1/webinars/{code}/cancel"),
    ("POST", "/v1/webinars/{code}/attendance"),
    ("POST", "/v1/messages/{message_id}/settle"),
    ("POST", "/v1/dead-letters/{event_id}/replay"),
    ("POST", "/v1/reviews/{review_id}/approve"),
    ("POST", "/v1/reviews/approve"),
    ("POST", "/v1/reviews/hand-over"),
    ("POST", "/v1/reviews/{review_id}/comments"),
    ("POST", "/v1/reviews/{review_id}/give"),
    ("POST", "/v1/reviews/{review_id}/edit"),
    ("POST", "/v1/reviews/{review_id}/reject"),
    ("POST", "/v1/reviews/{review_id}/regenerate"),
}
# What needs an admin's.
ADMIN = {
    ("GET", "/v1/contacts/{contact_id}/export"),
    ("POST", "/v1/contacts/{contact_id}/erase"),
}


def calls(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method and path that the application has, pages of the dashboard aside."""
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            yield method.upper(), path
    yield from {("GET", "/thanks"), ("GET", "/docs"), ("GET", "/openapi.json")}


def filled(path: str) -> str:
    return (
        path.replace("{source}", "stripe")
        .replace("{form}", "contact")
        .replace("{token}", "x")
        .replace("{contact_id}", str(uuid4()))
        .replace("{message_id}", str(uuid4()))
        .replace("{event_id}", str(uuid4()))
        .replace("{journey_id}", str(uuid4()))
        .replace("{change_id}", str(uuid4()))
        .replace("{review_id}", str(uuid4()))
        .replace("{checkout}", str(uuid4()))
        .replace("{launch_id}", str(uuid4()))
    )


async def test_without_a_key_only_the_listed_routes_answer(app: FastAPI) -> None:
    found = set(calls(app))
    assert found >= OPEN | MARKETER | ADMIN
    for number, (method, path) in enumerate(sorted(found)):
        async with caller(app, ip=f"198.51.100.{number}") as client:
            answer = await client.request(method, filled(path))
        assert (answer.status_code == 401) == ((method, path) not in OPEN), (method, path)


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_may_call_what_the_matrix_says(app: FastAPI, keys: dict[Role, str], role: Role) -> None:
    async with caller(app, keys[role]) as client:
        for method, path in sorted(set(calls(app)) - OPEN):
            answer = await client.request(method, filled(path), json={})
            forbidden = (role == "viewer" and (method, path) in MARKETER) or (
                role != "admin" and (method, path) in ADMIN
            )
            assert (answer.status_code == 403) == forbidden, (method, path)
            assert answer.status_code < 500


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer pk_", "Bearer pk_wrong", "Basic {key}", "{key}", "Bearer {key}x", "Bearer é"],
)
async def test_only_a_whole_key_opens(app: FastAPI, keys: dict[Role, str], authorization: str) -> None:
    given = authorization.replace("{key}", keys["admin"]).encode()
    async with caller(app, ip=f"203.0.113.{len(authorization)}") as client:
        answer = await client.get("/v1/counters", headers={b"authorization": given})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert keys["admin"] not in answer.text


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1/contacts/../counters", "/v1//counters"])
async def test_what_is_not_there_is_closed_too(app: FastAPI, path: str) -> None:
    async with caller(app, ip="203.0.113.99") as client:
        assert (await client.get(path)).status_code == 401


async def test_a_body_is_not_read_before_the_key(app: FastAPI) -> None:
    async with caller(app, ip="203.0.113.98") as client:
        answer = await client.post("/v1/events", content=b"{" * 5_000_000)
    assert answer.status_code == 401


async def test_a_revoked_key_is_closed_at_once(app: FastAPI, services: Services) -> None:
    async with services.db.transaction() as tx:
        key = await access.create_key(tx, "viewer")
    async with caller(app, key) as client:
        assert (await client.get("/v1/counters")).status_code == 200
        async with services.db.transaction() as tx:
            await access.revoke_key(tx, key[: access.SHOWN_CHARS])
        assert (await client.get("/v1/counters")).status_code == 401


async def test_guessing_is_slowed_and_locks_nobody_out(app: FastAPI, keys: dict[Role, str]) -> None:
    async with caller(app, "pk_guess", ip="192.0.2.66") as client:
        codes = [(await client.get("/v1/counters")).status_code for _ in range(40)]
        assert codes == [401] * 30 + [429] * 10
        answer = await client.get("/v1/counters")
        assert 0 < int(answer.headers["retry-after"]) <= 60
    async with caller(app, keys["viewer"], ip="192.0.2.66") as client:
        assert (await client.get("/v1/counters")).status_code == 200


# Pages of people: a small router stands in for the dashboard, over the same dependencies.
Marketer = Annotated[Principal, Depends(require_person("marketer"))]
pages = APIRouter(prefix="/test-pages", include_in_schema=False)


@pages.get("/look")
async def look(person: Annotated[Principal, Depends(security.signed_in)]) -> str:
    return person.email


@pages.post("/change", dependencies=[Depends(csrf)])
async def change(person: Marketer) -> str:
    return person.actor


@pytest.fixture(scope="module")
def site(app: FastAPI) -> FastAPI:
    """A second application over the same services, with the pages."""
    made = FastAPI()
    made.state.services = app.state.services
    made.include_router(pages)
    made.add_exception_handler(NotSignedIn, auth.ask_to_sign_in)
    problems.install(made)
    assert any(isinstance(route, APIRoute) for route in pages.routes)
    return made


class Browser:
    """A signed-in person at the keyboard."""

    def __init__(self, client: httpx.AsyncClient, token: str, form_token: str) -> None:
        self.client, self.form_token = client, form_token
        self.client.cookies.set("perennial", token)

    async def change(self, token: str | None = None, **headers: str) -> int:
        data = {"csrf_token": self.form_token if token is None else token}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return (await self.client.post("/test-pages/change", data=data, headers=sent)).status_code


async def browser_of(services: Services, client: httpx.AsyncClient, role: Role) -> Browser:
    async with services.db.transaction() as tx:
        user = await access.create_user(tx, somebody(), role, "correct horse battery")
        token = await access.begin_session(tx, user.id)
    person = Principal("user", user.id, str(user.id), role, session=token)
    return Browser(client, token, csrf_token(services, person))


@pytest.fixture
async def client(site: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(site) as made:
        yield made


async def test_a_page_leads_who_is_not_signed_in_to_the_sign_in(client: httpx.AsyncClient) -> None:
    page = await client.get("/test-pages/look", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=/test-pages/look")
    assert (await client.get("/test-pages/look")).status_code == 401
    assert (await client.post("/test-pages/change", headers={"accept": "text/html"})).status_code == 401


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("marketer", 200), ("admin", 200)])
async def test_a_person_may_change_what_their_role_allows(
    services: Services, client: httpx.AsyncClient, role: Role, status: int
) -> None:
    browser = await browser_of(services, client, role)
    assert (await client.get("/test-pages/look")).status_code == 200
    assert await browser.change() == status


async def test_a_change_needs_the_token_of_this_very_session(services: Services, client: httpx.AsyncClient) -> None:
    browser = await browser_of(services, client, "admin")
    async with caller(FastAPI()) as elsewhere:
        other = await browser_of(services, elsewhere, "admin")
    for token in ("", "x", browser.form_token[:-1], browser.form_token.upper(), other.form_token, "é"):
        assert await browser.change(token) == 403, token
    assert await browser.change("", x_csrf_token=browser.form_token) == 200
    assert await browser.change() == 200


async def test_another_sites_page_cannot_change_anything(services: Services, client: httpx.AsyncClient) -> None:
    browser = await browser_of(services, client, "admin")
    for headers in (
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": PUBLIC_URL + ".evil.example"},
    ):
        assert await browser.change(**headers) == 403, headers
    for headers in ({"sec_fetch_site": "same-origin", "origin": PUBLIC_URL}, {"sec_fetch_site": "none"}):
        assert await browser.change(**headers) == 200, headers
