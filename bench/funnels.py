"""A funnel's page: requests a second and how long the slowest take, beside a route that does nothing."""

from __future__ import annotations

from bench.ground import Ground, Scale, ground
from bench.hammer import hammer
from bench.table import Row, percentile
from domain.assets import digest
from domain.briefs import Brief
from domain.completing import finished
from domain.funnels import Funnel
from embedded.progress import Say
from providers.llm.offline import OfflineWriter
from providers.protocols import WritingRequest
from providers.reading import read
from settings import SOURCE
from store import assets, publishing, review_drafts, reviews
from store.assets import Wanted
from store.base import now
from store.review_drafts import Asset, Words

TITLE = "A funnel's pages"
ABOUT = (
    "A funnel that was written offline from a book is live, and each client asks for a page of it again as soon as it "
    "has the answer: one API process, with PostgreSQL, Temporal and the client on the same cores. The first page is "
    "what an advertisement leads to; the order's page asks what the book costs at that moment. *Bare* is `/healthz` of "
    "the same process: a FastAPI route that does nothing, behind the same middleware. No page is kept; with "
    "16 clients each request waits for others."
)
CLIENTS, EACH = 16, 250
KIND, PRODUCT, SLUG = "funnel_value_ladder", "walden", "walden-value-ladder"


async def measure(scale: Scale, say: Say) -> list[Row]:
    """The bare route before and after, so that a machine that slows down is seen."""
    each = scale.of(EACH)
    async with ground(say) as found:
        await _publish(found)
        paths = {
            "bare": "/healthz",
            "the first page": f"/f/{SLUG}",
            "the order's page": f"/f/{SLUG}/main-offer",
            "bare, again": "/healthz",
        }
        for path in paths.values():  # the first of everything takes longer
            await hammer(found.up.api_url + path, clients=CLIENTS, each=2)
        rows = []
        for name, path in paths.items():
            say(name)
            rows += await _rows(found, name, path, each)
    return rows


async def _rows(found: Ground, name: str, path: str, each: int) -> list[Row]:
    took_s, spans = await hammer(found.up.api_url + path, clients=CLIENTS, each=each)
    return [
        Row(f"requests a second: {name}", len(spans) / took_s, "", digits=0, note=f"{CLIENTS} clients"),
        Row(
            f"p99: {name}",
            percentile(spans, 99) * 1000,
            "ms",
            note=f"p50 {percentile(spans, 50) * 1000:.0f} ms",
        ),
    ]


async def _publish(found: Ground) -> None:
    """Write it and publish it, as an approval does."""
    product = found.marketing.product(PRODUCT)
    assert product is not None
    assert product.source is not None
    document = await read(SOURCE / "config" / product.source, product.source)
    brief = Brief(found.marketing, SLUG, product, document, {"magnet": "walden-checklist"})
    written = await OfflineWriter().write(WritingRequest(KIND, Funnel, brief=brief))
    funnel = finished(KIND, written.value, brief, now())
    words = Words(
        body=funnel.model_dump(mode="json"),
        digest=digest(funnel),
        quality={},
        author=f"writer:{written.model}",
        model=written.model,
        offline=True,
    )
    async with found.db.transaction() as tx:
        asset = await assets.request(tx, Wanted(kind=KIND, slug=SLUG, title=product.name, product=PRODUCT), "bench")
        review = Asset(
            id=asset.id, origin=asset.origin, kind=KIND, channel="funnel", title=product.name, required=False
        )
        assert await review_drafts.first(tx, review, words)
        await publishing.publish(tx, await reviews.get(tx, asset.id), found.marketing)
