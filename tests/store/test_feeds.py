"""Feeds: each new entry is one event that is made into drafts; what was there before starts nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, text
from sqlmodel import col

import starts
from activities.feeds import FeedWatch
from domain.errors import ProviderError
from domain.feeds import Feed
from domain.schedule import Delay
from providers.feeds import FeedReader, parsed
from providers.webhooks import public_client
from store.db import Database
from store.events import Event
from store.feeds import FeedRow
from tests.core_kit import World, marketing

ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title>{entries}</feed>"""
ENTRY = """<entry><id>tag:{n}</id><title>Post {n}</title><link href="https://blog.example/{n}"/>
<published>2026-01-0{n}T00:00:00Z</published><content type="html">&lt;p&gt;Words of {n}.&lt;/p&gt;</content></entry>"""
RSS = """<rss version="2.0"><channel><title>B</title><item><title>One</title><link>https://b.example/1</link>
<description>Text</description></item></channel></rss>"""
Answer = Callable[[httpx.Request], httpx.Response]


def atom(*numbers: int) -> str:
    return ATOM.format(entries="".join(ENTRY.format(n=number) for number in numbers))


class Site:
    """A CMS that answers with what it has now, and knows its ETag."""

    def __init__(self, content: str) -> None:
        self.content, self.asked = content, list[httpx.Request]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        etag = f'"{hash(self.content)}"'
        if request.headers.get("if-none-match") == etag:
            return httpx.Response(304)
        return httpx.Response(200, text=self.content, headers={"etag": etag})


@pytest.fixture(scope="module")
async def world(db: Database) -> World:
    return World(db, marketing())


def watch(world: World, name: str, answer: Answer) -> FeedWatch:
    feed = Feed(feed=name, url=f"https://{name}.example/feed.xml", every=Delay(seconds=900))
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return FeedWatch(world.db, world.clock, [feed], FeedReader(client))


async def later(world: World) -> None:
    async with world.db.transaction() as tx:
        await tx.execute(text("UPDATE feeds SET asked_at = asked_at - :back"), {"back": timedelta(hours=1)})


async def entries(world: World, name: str) -> list[Event]:
    async with world.db.transaction() as tx:
        rows = select(Event).where(col(Event.entity) == f"feed:{name}").order_by(col(Event.seq))
        return list((await tx.execute(rows)).scalars())


async def test_a_new_entry_is_one_event_that_starts_drafts_and_the_backlog_starts_none(world: World) -> None:
    site = Site(atom(2, 1))
    watching = watch(world, "blog", site)
    assert await watching.turn() == 2
    await later(world)
    site.content = atom(3, 2, 1)
    assert await watching.turn() == 1
    await later(world)
    assert await watching.turn() == 0
    events = await entries(world, "blog")
    assert [event.payload["name"] for event in events] == ["Post 1", "Post 2", "Post 3"]
    assert events[2].payload["body"] == "Words of 3."
    begun = [starts.for_event(event, world.marketing, world.clock) for event in events]
    assert [one.workflow if one else None for one in begun] == [None, None, "Atomization"]


async def test_a_feed_that_has_not_changed_is_asked_by_its_etag(world: World) -> None:
    site = Site(atom(1))
    watching = watch(world, "quiet", site)
    await watching.turn()
    await later(world)
    await watching.turn()
    assert site.asked[1].headers["if-none-match"]
    assert len(await entries(world, "quiet")) == 1


async def test_a_feed_is_read_at_its_pace_whoever_watches(world: World) -> None:
    site = Site(atom(1))
    one, two = watch(world, "paced", site), watch(world, "paced", site)
    await one.turn()
    await two.turn()
    assert len(site.asked) == 1


async def test_a_feed_that_cannot_be_read_is_said_why_and_tried_again(world: World) -> None:
    watching = watch(world, "broken", lambda _: httpx.Response(500))
    assert await watching.turn() == 0
    async with world.db.transaction() as tx:
        assert (await tx.get_one(FeedRow, "broken")).reason == "http_500"


def test_rss_without_ids_goes_by_its_links() -> None:
    assert [(one.id, one.title, one.body) for one in parsed(RSS.encode())] == [("https://b.example/1", "One", "Text")]


def test_what_is_no_feed_is_refused_and_never_opened_as_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "feed.xml"
    secret.write_text(RSS, encoding="utf-8")
    with pytest.raises(ProviderError, match="neither RSS nor Atom"):
        parsed(str(secret).encode())


async def test_an_address_inside_our_own_network_is_not_asked() -> None:
    reader = FeedReader(public_client())
    with pytest.raises(ProviderError) as refused:
        await reader.fetch("http://127.0.0.1:9/feed.xml")
    assert refused.value.code == "forbidden_address"
    await reader.aclose()


async def test_a_feed_that_is_too_large_is_given_up() -> None:
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=b"x" * 6_000_000)))
    with pytest.raises(ProviderError, match="larger than"):
        await FeedReader(client).fetch("https://big.example/")
