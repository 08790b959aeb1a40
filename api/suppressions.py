"""`/v1/suppressions`: addresses to which a person of the team lets nothing be sent, and who may be written to again."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.deps import Services, Wired
from api.problems import responses
from api.security import Marketer
from domain.errors import Conflict
from domain.events import Incoming
from domain.identity import normal_email
from store.access import record
from store.facts.leads import OURS
from store.facts.suppression import RELEASED, SUPPRESSED
from store.queries.contacts import ContactView, contact_view, contacts_by_email

router = APIRouter(prefix="/v1/suppressions", tags=["contacts"], responses=responses(401, 403, 422, 503))


class Address(BaseModel):
    """Whose address, and why; the reason stands in their history."""

    email: str = Field(max_length=320, examples=["ada@example.com"])
    reason: str = Field(default="", max_length=500, examples=["Asked by phone."])


@router.post("", summary="Send nothing more to an address")
async def suppress(address: Address, services: Wired, person: Marketer) -> ContactView:
    """No marketing from the answer on; also for an address that is not known yet. Transactional mail goes on."""
    return await told(services, SUPPRESSED, address, person.actor)


@router.post("/release", summary="Let an address be written to again", responses=responses(409))
async def release(address: Address, services: Wired, person: Marketer) -> ContactView:
    """After a bounce that was mended or a mistake. A person's own no and a complaint stay: 409 for the latter."""
    async with services.db.transaction() as tx:
        found = (await contacts_by_email(tx, address.email)).items
    if found and found[0].suppressed == "complained":
        raise Conflict("They reported a mail as spam, which nobody but themselves can take back.")
    return await told(services, RELEASED, address, person.actor)


async def told(services: Services, what: str, address: Address, by: str) -> ContactView:
    """Take it as an event, so that it stands in the person's history, and in the audit log."""
    payload = {"by": by, "reason": address.reason}
    email = normal_email(address.email)
    await services.take(Incoming(type=what, source=OURS, email=email, payload=payload))
    async with services.db.transaction() as tx:
        found = (await contacts_by_email(tx, email)).items[0]
        record(tx, by, f"contact.{what.removeprefix('contact_')}", f"contact:{found.id}")
        return await contact_view(tx, found.id)
