"""How each workflow is started: name, id, input, and the sentence by which people find it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import BaseModel
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from domain.clock import Clock
from domain.marketing import Marketing
from domain.schedule import Delay
from domain.sequences import Sequence
from store.events import Event
from store.journeys import Journey
from store.reviews import Review
from workflows.atomization import AtomizationInput
from workflows.content_approval import ContentApprovalInput
from workflows.journey import JourneyInput, PlannedStep
from workflows.lead_intake import LeadInput
from workflows.notices import Notice
from workflows.order_intake import OrderInput

CONTACT_ID = SearchAttributeKey.for_keyword("ContactId")
SEQUENCE = SearchAttributeKey.for_keyword("Sequence")
BRAND = SearchAttributeKey.for_keyword("Brand")


@dataclass(frozen=True, slots=True)
class Start:
    """One workflow to start; `id` is the fact's own, so that a second start of the same fact is refused."""

    workflow: str
    id: str
    given: BaseModel
    summary: str
    attributes: dict[SearchAttributeKey[str], str] = field(default_factory=dict)

    @property
    def search_attributes(self) -> TypedSearchAttributes:
        """The attributes as the client takes them."""
        return TypedSearchAttributes([SearchAttributePair(key, value) for key, value in self.attributes.items()])


def notice_of(journey: Journey) -> Notice:
    """A journey's row as its workflow is told of it."""
    at = journey.ended_at or journey.paused_at or journey.started_at
    return Notice(revision=journey.revision, state=journey.state, reason=journey.reason, at=at, shift_s=journey.shift_s)


def journey(row: Journey, definition: Sequence, zone: str, clock: Clock) -> Start:
    """The workflow of one journey, with its plan."""
    percents = [step.discount_percent for step in definition.steps if step.discount_percent]
    given = JourneyInput(
        journey_id=row.id,
        contact_id=row.contact_id,
        about=row.about,
        sequence=row.sequence,
        lane=definition.lane,
        zone=zone,
        epoch=clock.epoch,
        factor=clock.factor,
        started_at=row.started_at,
        stand=notice_of(row),
        steps=[
            PlannedStep(
                key=step.key,
                kind=step.kind,
                days=step.at.days,
                seconds=step.at.seconds,
                discounted=step.discount_percent is not None,
            )
            for step in definition.steps
        ],
        hold_seconds=seconds(definition.hold) if definition.hold else None,
        discount_percent=percents[0] if percents else None,
    )
    return Start(
        definition.workflow,
        row.workflow_id,
        given,
        f"{definition.name} for contact {str(row.contact_id)[:8]} (version {row.version}, entry {row.entry_no})",
        {CONTACT_ID: str(row.contact_id), SEQUENCE: row.sequence, BRAND: definition.brand},
    )


def seconds(delay: Delay) -> int:
    """A delay as elapsed seconds."""
    return delay.nominal_s


def for_event(event: Event, marketing: Marketing, clock: Clock) -> Start | None:
    """The workflow that an event's type starts by itself, apart from sequences."""
    if event.type == "lead_captured" and event.contact_id is not None and not event.client_side:
        given = LeadInput(contact_id=event.contact_id, event_id=event.id)
        attributes = {CONTACT_ID: str(event.contact_id)}
        return Start("LeadIntake", f"lead/{event.id}", given, "A lead for CRM and platform", attributes)
    if event.type == "purchase_completed" and event.payload.get("unresolved"):
        return Start("OrderIntake", f"order/{event.id}", OrderInput(event_id=event.id), "What was bought in an order")
    if event.type == "release_published" and marketing.atomization.enabled:
        release = AtomizationInput(
            event_id=event.id, kinds=marketing.atomization.kinds, epoch=clock.epoch, factor=clock.factor
        )
        return Start("Atomization", f"atomization/{event.id}", release, "Drafts from a release")
    return None


def review(row: Review, marketing: Marketing, clock: Clock) -> Start:
    """The workflow of one asset's review."""
    approvals = marketing.approvals
    given = ContentApprovalInput(
        review_id=row.id,
        state=row.state,
        revision=row.revision,
        created_at=row.waiting_since,
        epoch=clock.epoch,
        factor=clock.factor,
        reminder_s=seconds(approvals.reminder),
        escalation_s=seconds(approvals.escalation),
        expiry_s=seconds(approvals.expiry),
    )
    return Start("ContentApproval", f"review/{row.id}", given, f"Review of a {row.kind} for {row.channel}")
