"""`/v1/contacts/{id}/erase` and `/v1/erasures`: a person is forgotten everywhere, and a proof is left."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from api.deps import Services, Wired
from api.paging import DEFAULT, After, Limit
from api.problems import responses
from api.security import Admin, Principal, Viewer
from store.erasures import request
from store.ingest import after_calls
from store.queries.erasures import ErasureView, erasure_view, list_erasures
from store.queries.pages import Page

router = APIRouter(prefix="/v1", tags=["erasures"], responses=responses(401, 403, 422, 503))
MISSING = responses(404)


@router.post("/contacts/{contact_id}/erase", status_code=202, summary="Erase a person", responses=MISSING)
async def erase(contact_id: UUID, services: Wired, by: Admin, response: Response) -> ErasureView:
    """From the answer on no mail goes out to them. Their journeys end, CRM and platform delete them, then the rows go.

    `Location` says where the proof is. The same for a repeated call.
    """
    proof = await begin(services, contact_id, by)
    response.headers["location"] = f"/v1/erasures/{proof.id}"
    return proof


@router.get("/erasures", summary="Erasures")
async def erasures(services: Wired, _: Viewer, cursor: After = None, limit: Limit = DEFAULT) -> Page[ErasureView]:
    """The newest first."""
    async with services.db.transaction() as tx:
        return await list_erasures(tx, cursor=cursor, limit=limit)


@router.get("/erasures/{erasure_id}", summary="The proof of an erasure", responses=MISSING)
async def erasure(erasure_id: UUID, services: Wired, _: Viewer) -> ErasureView:
    """How far it is, and what it did."""
    async with services.db.transaction() as tx:
        return await erasure_view(tx, erasure_id)


async def begin(services: Services, contact_id: UUID, by: Principal) -> ErasureView:
    """Commit the request and wake dispatch. Raises NotFound, and NotDurable while a mail to them is going out."""
    proof = await after_calls(services.db, lambda tx: request(tx, contact_id, by.actor))
    services.bell.ring()
    return ErasureView.model_validate(proof)
