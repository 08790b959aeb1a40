"""`/covers/…`: the pictures that the catalogue names, read once and named by their content, for browsers to keep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from api.deps import Services, Wired
from api.public_files import FOR_EVER
from domain.errors import NotFound

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture as a page shows it. With its size in pixels the page stands still while it is loaded."""

    url: str
    alt: str
    width: int
    height: int


def covers(services: Services, products: Iterable[str]) -> list[Cover]:
    """Those of the products, by their keys, that have one."""
    found = []
    for key in products:
        picture, product = services.covers.get(key), services.marketing.product(key)
        if picture is not None and product is not None:
            url = f"/covers/{picture.mark}/{key}"
            found.append(Cover(url, f"Cover of {product.name}", picture.width, picture.height))
    return found


@router.get("/covers/{mark}/{product}")
async def cover(mark: str, product: str, services: Wired) -> Response:
    """One of them; kept by browsers only under the mark of its content. Raises NotFound."""
    found = services.covers.get(product)
    if found is None:
        raise NotFound("There is no such picture.")
    kept = FOR_EVER if mark == found.mark else "no-cache"
    return Response(found.content, headers={"cache-control": kept}, media_type=found.kind)
