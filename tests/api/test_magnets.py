"""`/m/{token}`: looking changes nothing, the button gives the file, and the link has an end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from api.app import create_app
from configuration import load_marketing
from domain.catalogue import Magnet
from providers.magnet_links import MagnetLink, magnet_token
from settings import Settings
from store.base import now
from tests.api.callers import SECRET, caller, contact_of, somebody, timeline_of
from tests.api.conftest import running, temporal_is_up
from tests.core_kit import CONFIG

# What the form leads to before anything is followed: it asks for a confirmation of the address.
ASKED = ["lead_captured", "confirmation_due"]


@pytest.fixture(scope="module")
async def stranger(database_url: str, settings_for: Callable[[str], Settings]) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor of an installation with the shipped configuration, and with magnets that are elsewhere or lost."""
    shipped = load_marketing(CONFIG)
    more = [
        Magnet(key="elsewhere", title="A guide", kind="mini_guide", url="https://files.example/guide.pdf"),
        Magnet(key="outside", title="A secret", kind="worksheet", file="../settings.py"),
    ]
    marketing = shipped.model_copy(update={"magnets": [*shipped.magnets, *more]})
    app = create_app(settings_for(database_url), marketing=marketing, temporal=temporal_is_up)
    async with running(app), caller(app) as client:
        yield client


@dataclass
class Reader:
    email: str
    contact_id: UUID

    def link(self, magnet: str = "quiet-pager", ends_in: timedelta = timedelta(days=30)) -> str:
        return f"/m/{magnet_token(SECRET, MagnetLink(self.contact_id, magnet, now() + ends_in))}"


@pytest.fixture
async def reader(stranger: httpx.AsyncClient, viewer: httpx.AsyncClient) -> Reader:
    email = somebody()
    await stranger.post("/forms/checklist", data={"email": email, "source": "podcast"})
    return Reader(email, UUID((await contact_of(viewer, email))["id"]))


async def titles(viewer: httpx.AsyncClient, reader: Reader) -> list[str]:
    return [line["title"] for line in await timeline_of(viewer, reader.email)]


async def test_the_form_tags_the_lead_and_remembers_the_magnet(reader: Reader, viewer: httpx.AsyncClient) -> None:
    contact = await contact_of(viewer, reader.email)
    assert set(contact["tags"]) == {"lead", "source:podcast", "form:checklist"}
    assert contact["attributes"] == {"magnet": "quiet-pager", "magnet_kind": "checklist"}


async def test_following_the_link_changes_nothing(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, reader: Reader
) -> None:
    answer = await stranger.get(reader.link())
    assert answer.status_code == 200
    assert "The Quiet Pager Checklist" in answer.text
    assert '<form method="post">' in answer.text
    assert reader.email not in answer.text
    assert await titles(viewer, reader) == ASKED


async def test_the_button_gives_the_file_and_counts_once(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, reader: Reader
) -> None:
    for _ in range(3):
        answer = await stranger.post(reader.link())
        assert answer.status_code == 200
        assert answer.headers["content-disposition"] == 'attachment; filename="quiet-pager.html"'
        assert answer.content == (CONFIG / "magnets" / "quiet-pager.html").read_bytes()
    assert await titles(viewer, reader) == [*ASKED, "lead_magnet_downloaded"]


async def test_a_link_that_has_ended_gives_nothing_and_counts_nothing(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, reader: Reader
) -> None:
    for method in ("GET", "POST"):
        answer = await stranger.request(method, reader.link(ends_in=timedelta(seconds=-1)))
        assert answer.status_code == 410
        assert "This link has ended." in answer.text
    assert await titles(viewer, reader) == ASKED


async def test_a_magnet_elsewhere_is_led_to(stranger: httpx.AsyncClient, reader: Reader) -> None:
    answer = await stranger.post(reader.link("elsewhere"))
    assert answer.status_code == 200
    assert 'href="https://files.example/guide.pdf"' in answer.text


@pytest.mark.parametrize("magnet", ["outside", "unknown"])
async def test_only_files_of_the_configuration_are_given(
    stranger: httpx.AsyncClient, viewer: httpx.AsyncClient, reader: Reader, magnet: str
) -> None:
    assert (await stranger.post(reader.link(magnet))).status_code == 404
    assert await titles(viewer, reader) == ASKED


async def test_a_token_that_we_did_not_make_opens_nothing(stranger: httpx.AsyncClient) -> None:
    forged = magnet_token("another secret", MagnetLink(uuid4(), "quiet-pager", now() + timedelta(days=1)))
    for token in (forged, "x", f"{forged}."):
        assert (await stranger.post(f"/m/{token}")).status_code == 404
