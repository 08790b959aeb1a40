"""Asking a model about a person: it picks among what the configuration names, and nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TypeVar

import structlog
from pydantic import BaseModel, ValidationError
from temporalio import activity

from activities.drafting import Drafter
from domain import names
from domain.clock import Clock
from domain.errors import PerennialError, ProviderError
from domain.marketing import Marketing
from domain.profiles import Choice, Profile, choose, picked_among, profile_among
from providers.protocols import Writer, WritingRequest
from store.actions import note
from store.db import Database
from store.events import Event
from store.facts.welcome import OFF
from store.identity import lock_contact
from store.profile_facts import catalogue_facts, lead_facts
from store.profiles import PERSON, Origin, ProfileRow, keep_profile, keep_recommendation, profile_of, recommendation_of
from store.recommending import shelf_of
from store.welcoming import WELCOME, begin, is_live
from workflows.personalization import PersonalizationInput, Personalized

log = structlog.get_logger("personalization")
T = TypeVar("T", bound=BaseModel)

# Nobody waits longer for a model than this (real seconds).
PATIENCE_S = 20.0
# In place of an answer: what a person wrote.
THEIRS = ""
NOBODY = Personalized(made_by="", reason="erased")


class Released(PerennialError):
    """What a person wrote was taken back while this was under way: asked again, it goes to the model."""

    code = "released"
    status = 409


class PersonalizationActivities:
    """One model."""

    def __init__(self, db: Database, marketing: Marketing, writer: Writer, clock: Clock) -> None:
        self._db, self._marketing, self._writer = db, marketing, writer
        self._drafter = Drafter(db, writer, marketing, clock)

    @activity.defn(name=names.PROFILE)
    async def profile(self, given: PersonalizationInput) -> Personalized:
        """Make a profile unless a person wrote one, choose by it, and begin what was chosen."""
        async with self._db.transaction() as tx:
            contact = await lock_contact(tx, given.contact_id)
            if contact is None or contact.erased_at is not None:
                return NOBODY
            row = await profile_of(tx, contact.id)
            if row is not None and row.event_id == given.event_id:
                return Personalized(made_by=row.made_by, reason=row.reason)
            facts = await lead_facts(tx, contact, (await shelf_of(tx, contact)).owned)
        answer: Profile | str = OFF
        if row is not None and row.made_by == PERSON:
            answer = THEIRS
        elif self._marketing.programme.ai_personalization:
            answer = await self._ask("profile", profile_among(self._marketing.personalization.interests), facts)
        return await self._welcome(given, answer)

    async def _welcome(self, given: PersonalizationInput, answer: Profile | str) -> Personalized:
        async with self._db.transaction() as tx:
            contact = await lock_contact(tx, given.contact_id)
            if contact is None or contact.erased_at is not None:
                return NOBODY
            row = await profile_of(tx, contact.id)
            if answer == THEIRS and (row is None or row.made_by != PERSON):
                raise Released
            profile, reason = (None, answer) if isinstance(answer, str) else (answer, "")
            choice = Choice()
            if profile is not None:
                owned = (await shelf_of(tx, contact)).owned
                choice = choose(profile, self._marketing.personalization.rules, owned)
            origin = Origin("model", self._writer.name, reason, given.event_id)
            row = await keep_profile(tx, contact.id, profile, choice, origin)
            sequence = row.sequence if not row.sequence or await is_live(tx, row.sequence) else ""
            why = _why(row, sequence)
            await begin(tx, contact, sequence, why)
            await note(tx, await tx.get_one(Event, given.event_id), "chosen", sequence or WELCOME, why)
            return Personalized(made_by=row.made_by, reason=row.reason)

    @activity.defn(name=names.RECOMMEND)
    async def recommend(self, given: PersonalizationInput) -> Personalized:
        """Have a model choose among what the person does not have; mails look at it when they are written."""
        async with self._db.transaction() as tx:
            contact = await lock_contact(tx, given.contact_id)
            if contact is None or contact.erased_at is not None:
                return NOBODY
            row = await recommendation_of(tx, contact.id)
            if row is not None and (row.event_id == given.event_id or row.made_by == PERSON):
                return Personalized(made_by=row.made_by, reason=row.reason)
            shelf = await shelf_of(tx, contact)
            facts = await lead_facts(tx, contact, shelf.owned)
        candidates = shelf.candidates(self._marketing)
        if not shelf.owned or not candidates:
            return Personalized(made_by="", reason="nothing_to_recommend")
        most = self._marketing.personalization.recommend
        source = {**facts, "catalogue": catalogue_facts(candidates), "at_most": str(most)}
        shape = picked_among([one.key for one in candidates], most)
        answer = await self._ask("recommendations", shape, source)
        async with self._db.transaction() as tx:
            contact = await lock_contact(tx, given.contact_id)
            if contact is None or contact.erased_at is not None:
                return NOBODY
            products, reason = ([], answer) if isinstance(answer, str) else (answer.products, "")
            origin = Origin("model", self._writer.name, reason, given.event_id)
            kept = await keep_recommendation(tx, contact.id, products, origin)
            why = f"→ {', '.join(kept.products)}" if kept.products else reason or "nothing_picked"
            await note(tx, await tx.get_one(Event, given.event_id), "recommended", kept.made_by, why)
            return Personalized(made_by=kept.made_by, reason=kept.reason)

    async def _ask(self, kind: str, shape: type[T], facts: Mapping[str, str]) -> T | str:
        """The answer, checked here whoever gave it; or the fixed word for why there is none. Asked once."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                written = await self._drafter.ask(WritingRequest(kind, shape, source=facts))
            return shape.model_validate(written.value.model_dump())
        except TimeoutError:
            log.warning("model_not_used", kind=kind, code="timeout")
            return "model_away"
        except ValidationError:
            log.warning("model_not_used", kind=kind, code="outside_the_lists")
            return "model_unusable"
        except PerennialError as error:
            log.warning("model_not_used", kind=kind, code=error.code)
            return _reason(error)


def _reason(error: PerennialError) -> str:
    """What went wrong, as far as it matters to whoever looks; the log has the code itself."""
    if error.code in {"malformed", "truncated", "declined"}:
        return "model_unusable"
    passes = isinstance(error, ProviderError) and not error.permanent
    return "model_away" if passes else "model_refused"


def _why(row: ProfileRow, sequence: str) -> str:
    """Why this sequence, for the person's story."""
    if row.sequence != sequence:
        return "sequence_not_live"
    return row.reason or "; ".join(row.because) or "no_rule"
