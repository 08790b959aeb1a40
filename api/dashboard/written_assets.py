"""`/assets`: what writers were asked for, how far each is and what it cost, and a form to ask for one more."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from api.assets import begun
from api.dashboard.desk import Deciding, Desk, PageRoute, Reading
from domain.content import WRITTEN
from domain.errors import Conflict, Invalid, NotFound, PerennialError
from store.asking import Asked
from store.queries.sources import list_sources
from store.queries.written import list_assets, spending

router = APIRouter(include_in_schema=False, route_class=PageRoute)
ROWS = 40
# What a form offers of the sources; others can be asked for by their id over the API.
CHOICES = 100

Text = Annotated[str, Form(max_length=200)]


@router.get("/assets")
async def listed(desk: Reading, cursor: str | None = None) -> Response:
    """Every asset, the newest first."""
    return await _list(desk, cursor)


@router.post("/assets")
async def begin(desk: Deciding, kind: Text = "", source: Text = "", product: Text = "", slug: Text = "") -> Response:
    """Ask for one, or say in its place what is missing, with what the person had chosen."""
    try:
        source_id = UUID(source) if source else None
        asked = Asked(kind=kind, source_id=source_id, product=product, slug=slug[:100])
        await begun(desk.services, asked, desk.person.actor)
    except ValueError:
        wrong: PerennialError = Invalid("Choose a source of the list.", "source")
    except (Invalid, Conflict, NotFound) as error:
        wrong = error
    else:
        return desk.to("/assets")
    return await _list(desk, wrong=wrong, chosen={"kind": kind, "source": source, "product": product, "slug": slug})


async def _list(
    desk: Desk, cursor: str | None = None, wrong: PerennialError | None = None, chosen: dict[str, str] | None = None
) -> Response:
    marketing = desk.services.marketing
    async with desk.services.db.transaction() as tx:
        found = await list_assets(tx, cursor=cursor, limit=ROWS)
        known = await list_sources(tx, cursor=None, limit=CHOICES)
        month = await spending(tx, marketing.writers, await desk.services.clock(tx))
    return desk.page(
        "assets.html",
        status=wrong.status if wrong else 200,
        found=found,
        sources=known.items,
        products=marketing.catalogue,
        kinds=list(WRITTEN),
        month=month,
        at_work=any(one.state in {"waiting", "writing"} for one in found.items),
        wrong=wrong,
        chosen=chosen or {},
    )
