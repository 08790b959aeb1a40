"""What was chosen for a person, on their page, and the form with which somebody chooses in the model's place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.responses import Response

from api.dashboard.desk import Deciding, PageRoute
from api.profiles import Override, choose_for, leave
from domain.errors import Invalid
from domain.marketing import Marketing
from domain.profiles import BUYING_STAGES, FORMATS, PRICE_RANGES
from domain.reasons import spoken
from store.overriding import by_hand, sequences_to_choose

router = APIRouter(include_in_schema=False, route_class=PageRoute)
Options = list[tuple[str, str]]
LISTS = ("interests", "recommendations")
WORDS = ("price_range", "format", "buying_stage", "sequence", "offer")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form offers: keys with the words that people read. `names` are those of the products."""

    personalization: bool
    interests: Options
    sequences: Options
    products: Options
    price_ranges: Options
    formats: Options
    stages: Options
    names: dict[str, str] = field(default_factory=dict)
    by_hand: Callable[[str], str] = by_hand


def choices(marketing: Marketing) -> Choices:
    """All that the configuration allows."""
    products = [(product.key, product.name) for product in marketing.catalogue]
    return Choices(
        personalization=marketing.programme.ai_personalization,
        interests=[(word, word) for word in marketing.personalization.interests],
        sequences=[(key, spoken(key).capitalize()) for key in sequences_to_choose(marketing)],
        products=products,
        price_ranges=[(word, word) for word in PRICE_RANGES],
        formats=[(word, word) for word in FORMATS],
        stages=[(word, word) for word in BUYING_STAGES],
        names=dict(products),
    )


@router.post("/contacts/{contact_id}/profile")
async def choose(desk: Deciding, contact_id: UUID) -> Response:
    """Keep what was chosen, or leave it to the model again."""
    form = await desk.request.form()
    async with desk.services.db.transaction() as tx:
        if form.get("then") == "release":
            await leave(tx, contact_id, desk.person)
            return desk.to(f"/contacts/{contact_id}")
        given: dict[str, object] = {name: form.getlist(name) for name in LISTS}
        if not given["recommendations"] and "recommended" not in form:
            # Nothing was ticked before either: what a model chose is left as it is.
            given["recommendations"] = None
        given |= {name: form[name] for name in WORDS if form.get(name)}
        await choose_for(tx, desk.services, contact_id, _read({**given, "begin": "begin" in form}), desk.person)
    return desk.to(f"/contacts/{contact_id}")


def _read(given: dict[str, object]) -> Override:
    try:
        return Override.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(f"{first['msg']}.", ".".join(str(part) for part in first["loc"])) from None
