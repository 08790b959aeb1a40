"""What is done about a webinar: its people are told, and CRM and platform learn who registered."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from temporalio import activity

from activities.leads import person_of
from domain import names
from domain.clock import Clock
from domain.errors import ProviderError
from domain.marketing import Marketing
from providers.protocols import Crm, Person, Platform
from store.actions import note
from store.db import Database
from store.events import Event
from store.identity import lock_contact
from store.ingest import ingest
from store.webinar_duties import nothing_of, work
from store.webinars import history_of
from workflows.webinar import WebinarTurn, WebinarWork
from workflows.webinar_registration import RegistrationInput, RegistrationNote, Told

SLICE_S = 20.0
# Each round pushes what the rows say now; it takes a second one where somebody registered during the first.
MAX_ROUNDS = 5


class WebinarActivities:
    """One CRM, one platform."""

    def __init__(self, db: Database, clock: Clock, marketing: Marketing, crm: Crm, platform: Platform) -> None:
        self._db, self._clock, self._marketing = db, clock, marketing
        self._crm, self._platform = crm, platform

    @activity.defn(name=names.WEBINAR)
    async def work(self, request: WebinarWork) -> WebinarTurn:
        """Do what is due for some seconds. Every event marks its own person, so that a crash repeats nobody."""
        until = time.monotonic() + SLICE_S
        while True:
            async with self._db.transaction() as tx:
                found = await work(tx, self._clock, self._marketing.webinars, request.webinar_id)
            if found is None:
                return WebinarTurn(status="over", duty="over", revision=0)
            given = {"duty": found.turn.duty, "revision": found.webinar.revision, "until": found.turn.until}
            if found.turn.duty in {"wait", "ask", "over"}:
                return WebinarTurn(status="over" if found.turn.duty == "over" else "wait", **given)
            for event in found.events:
                receipt = await ingest(self._db, self._marketing, event)
                if receipt.outcome != "accepted":
                    async with self._db.transaction() as tx:
                        await nothing_of(tx, found.turn.duty, event)
            activity.heartbeat()
            if time.monotonic() > until:
                return WebinarTurn(status="again", **given)

    @activity.defn(name=names.CRM_WEBINAR)
    async def crm(self, given: RegistrationInput) -> Told:
        """The person with their whole history of webinars."""

        async def push(person: Person) -> None:
            await self._crm.push(person)

        return await self._push(given, push)

    @activity.defn(name=names.PLATFORM_WEBINAR)
    async def platform(self, given: RegistrationInput) -> Told:
        """The same, and the webinar's own list."""

        async def push(person: Person) -> None:
            await self._platform.push(person)
            await self._platform.change_lists(person.email, add=[list_name(given.webinar)])

        return await self._push(given, push)

    @activity.defn(name=names.WEBINAR_NOTE)
    async def note(self, given: RegistrationNote) -> None:
        """What both said, beside the event."""
        async with self._db.transaction() as tx:
            event = await tx.get_one(Event, given.event_id)
            for system, told in (("crm", given.crm), ("platform", given.platform)):
                await note(tx, event, f"{system}_push", system, "done" if told.accepted else told.reason)

    async def _push(self, given: RegistrationInput, push: Callable[[Person], Awaitable[None]]) -> Told:
        """Push what the rows say, and again while they say more.

        Two registrations at once push at once, and the older answer may arrive last: whoever pushed looks afterwards
        whether what they pushed is still all, so that the last to arrive is always whole.
        """
        pushed: Person | None = None
        for _ in range(MAX_ROUNDS):
            person = await self._person(given)
            if person is None:
                return Told(accepted=False, reason="no_address")
            if pushed is not None and person.webinars == pushed.webinars:
                return Told(accepted=True)
            try:
                await push(person)
            except ProviderError as error:
                if not error.final:
                    raise
                return Told(accepted=False, reason=error.code)
            pushed = person
        raise ProviderError("conflict", "the person registers faster than this can be told")

    async def _person(self, given: RegistrationInput) -> Person | None:
        async with self._db.transaction() as tx:
            contact = await lock_contact(tx, given.contact_id)
            if contact is None or not contact.email or contact.erased_at is not None:
                return None
            return person_of(contact, webinars=await history_of(tx, contact.id))


def list_name(code: str) -> str:
    """What the platform's list of a webinar is called."""
    return f"Webinar {code}"
