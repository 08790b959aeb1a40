"""Telling CRM and marketing platform of a lead, and what is written down after."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from temporalio import activity

from domain import names
from domain.errors import ProviderError
from domain.events import Incoming
from domain.marketing import Marketing
from providers.protocols import Crm, Person, Platform
from store.actions import note
from store.contacts import Contact
from store.db import Database
from store.events import Event
from store.identity import lock_contact
from store.ingest import ingest
from workflows.lead_intake import LeadFinish, LeadInput, Pushed


class LeadActivities:
    """One CRM, one platform."""

    def __init__(self, db: Database, marketing: Marketing, crm: Crm, platform: Platform) -> None:
        self._db, self._marketing, self._crm, self._platform = db, marketing, crm, platform

    @activity.defn(name=names.CRM_LEAD)
    async def crm(self, given: LeadInput) -> Pushed:
        """Push to the CRM and read IS_CLIENT back. A definite refusal is an answer too."""
        person = await self._person(given.contact_id)
        if person is None:
            return Pushed(accepted=False, reason="no_address")
        try:
            await self._crm.push(person)
            return Pushed(accepted=True, is_client=await self._crm.is_client(person.email))
        except ProviderError as error:
            return _refusal(error)

    @activity.defn(name=names.PLATFORM_LEAD)
    async def platform(self, given: LeadInput) -> Pushed:
        """Push to the marketing platform."""
        person = await self._person(given.contact_id)
        if person is None:
            return Pushed(accepted=False, reason="no_address")
        try:
            await self._platform.push(person)
            return Pushed(accepted=True)
        except ProviderError as error:
            return _refusal(error)

    @activity.defn(name=names.LEAD_FINISH)
    async def finish(self, given: LeadFinish) -> None:
        """Keep the answers, and tell by an event that the lead is known everywhere."""
        async with self._db.transaction() as tx:
            contact = await lock_contact(tx, given.contact_id)
            event = await tx.get_one(Event, given.event_id)
            if contact is not None and contact.erased_at is None and given.crm.is_client is not None:
                contact.is_client = given.crm.is_client
            for system, pushed in (("crm", given.crm), ("platform", given.platform)):
                await note(tx, event, f"{system}_push", system, "done" if pushed.accepted else pushed.reason)
        qualified = Incoming(
            type="lead_qualified",
            source="perennial",
            sender_id=f"lead:{given.event_id}",
            payload={
                "contact_id": str(given.contact_id),
                "form": event.payload.get("form"),
                "lead_event": str(event.id),
                "is_client": bool(given.crm.is_client),
            },
        )
        await ingest(self._db, self._marketing, qualified)

    async def _person(self, contact_id: UUID) -> Person | None:
        async with self._db.transaction() as tx:
            contact = await lock_contact(tx, contact_id)
        return person_of(contact) if contact is not None and contact.email and contact.erased_at is None else None


def _refusal(error: ProviderError) -> Pushed:
    if not error.final:
        raise error
    return Pushed(accepted=False, reason=error.code)


def person_of(contact: Contact, webinars: Sequence[str] = ()) -> Person:
    """A contact as CRM and platform are told of it."""
    return Person(
        contact_id=str(contact.id),
        email=contact.email or "",
        first_name=contact.first_name,
        company=contact.company,
        tags=contact.tags,
        audience=contact.audience,
        form_source=contact.form_source,
        original_source=contact.original_source or "",
        latest_source=contact.latest_source or "",
        webinars=webinars,
    )
