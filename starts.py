"""How each workflow is started: name, id, input, and the sentence by which people find it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from pydantic import BaseModel
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from domain.clock import Clock
from domain.erasure import ERASED
from domain.marketing import Marketing
from domain.schedule import Delay
from domain.sequences import Sequence
from domain.webinars import normal_code
from store import assets, launches, rehearsals, source_uploads, team_notices
from store.campaigns import CampaignRun
from store.changes import ASKED
from store.events import Event
from store.facts.leads import OURS
from store.facts.orders import PURCHASED
from store.facts.welcome import PROFILE_DUE
from store.journeys import Journey
from store.reviews import Review
from store.webinars import CHANGED
from workflows.asset_draft import AssetDraftInput
from workflows.atomization import AtomizationInput
from workflows.brand_launch import LaunchInput
from workflows.campaign import CampaignInput
from workflows.contact_import import ImportInput, Task
from workflows.content_approval import ContentApprovalInput
from workflows.engagement_sweep import SweepInput
from workflows.erasure import ErasureInput
from workflows.journey import JourneyInput
from workflows.lead_intake import LeadInput
from workflows.notices import notice_of
from workflows.order_intake import OrderInput
from workflows.personalization import PersonalizationInput
from workflows.planning import planned
from workflows.rehearsal import RehearsalInput
from workflows.sequence_change import ChangeInput
from workflows.source_reading import SourceReadingInput
from workflows.team_notice import TeamNoticeInput
from workflows.webinar import WebinarInput
from workflows.webinar_registration import RegistrationInput

CONTACT_ID = SearchAttributeKey.for_keyword("ContactId")
SEQUENCE = SearchAttributeKey.for_keyword("Sequence")
IMPORTS: dict[str, Task] = {
    "import_check_requested": "check",
    "import_run_requested": "run",
    "import_undo_requested": "undo",
}
# What is made into drafts: a release, an article of a CMS, a push that touches blog or changelog.
CONTENT = frozenset({"release_published", "content_published", "content_pushed"})
BRAND = SearchAttributeKey.for_keyword("Brand")


@dataclass(frozen=True, slots=True)
class Start:
    """One workflow to start; `id` is the fact's own, so that a second start of the same fact is refused.

    With `again` it is told where it runs, and started anew where it has ended: it does only what its rows say is left.
    """

    workflow: str
    id: str
    given: BaseModel
    summary: str
    attributes: dict[SearchAttributeKey[str], str] = field(default_factory=dict)
    again: bool = False

    @property
    def search_attributes(self) -> TypedSearchAttributes:
        """The attributes as the client takes them."""
        return TypedSearchAttributes([SearchAttributePair(key, value) for key, value in self.attributes.items()])


def journey(row: Journey, definition: Sequence, zone: str, clock: Clock) -> Start:
    """The workflow of one journey, with its plan."""
    percents = [step.discount_percent for step in definition.steps if step.discount_percent]
    given = JourneyInput(
        schema_version=2,
        version=row.version,
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
        steps=planned(definition),
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
    if event.type == PURCHASED and event.payload.get("unresolved"):
        return Start("OrderIntake", f"order/{event.id}", OrderInput(event_id=event.id), "What was bought in an order")
    if event.contact_id is not None and not event.client_side and _personal(event, marketing):
        return _question(event, event.contact_id)
    if event.type in CONTENT and marketing.atomization.enabled and not event.payload.get("backlog"):
        release = AtomizationInput(
            event_id=event.id, kinds=marketing.atomization.kinds, epoch=clock.epoch, factor=clock.factor
        )
        return Start("Atomization", f"atomization/{event.id}", release, "Drafts from what was published")
    if event.source == OURS and event.type in IMPORTS:
        return _import(event)
    if event.source == OURS and event.type == ASKED:
        change = ChangeInput(change_id=event.payload["change"])
        id_ = f"sequence-change/{change.change_id}/{event.payload['turn']}"
        return Start("SequenceChange", id_, change, "Running journeys of a sequence that was changed")
    if event.source == OURS and event.type == rehearsals.ASKED:
        played = RehearsalInput(rehearsal_id=event.payload["rehearsal"])
        return Start("Rehearsal", f"rehearsal/{played.rehearsal_id}", played, "A sequence for a made-up person")
    if event.source == OURS and event.type == ERASED:
        asked = ErasureInput(erasure_id=event.payload["erasure"], contact_id=event.payload["contact_id"])
        return Start("Erasure", f"erasure/{asked.erasure_id}", asked, "Forgets a person everywhere")
    return _made(event) or _webinar(event)


def _made(event: Event) -> Start | None:
    """What has a source read, or assets written: one that was asked for by itself, or all of a brand's."""
    if event.source == OURS and event.type == assets.ASKED and not event.payload["launch"]:
        wanted = AssetDraftInput(asset_id=event.payload["asset"])
        return Start("AssetDraft", f"asset/{wanted.asset_id}", wanted, "The first draft of an asset")
    if event.source == OURS and event.type == team_notices.ADDED:
        noticed = TeamNoticeInput(notification_id=event.payload["notification"])
        return Start("TeamNotice", f"notice/{noticed.notification_id}", noticed, "Something that the team is told")
    if event.source == OURS and event.type == source_uploads.ASKED:
        uploaded = SourceReadingInput(upload_id=event.payload["upload"])
        return Start("SourceReading", f"source/{uploaded.upload_id}", uploaded, "A file or page, read to chapters")
    if event.source == OURS and event.type == launches.CHANGED:
        launched = LaunchInput(launch_id=event.payload["launch"])
        return Start("BrandLaunch", f"launch/{launched.launch_id}", launched, "All of a brand's assets", again=True)
    return None


def _personal(event: Event, marketing: Marketing) -> bool:
    """Whether a model is asked about the person; a profile that a person wrote needs none, and takes the same way."""
    if event.type == PURCHASED:
        return marketing.programme.ai_upsells
    return event.source == OURS and event.type == PROFILE_DUE


def _question(event: Event, contact_id: UUID) -> Start:
    wanted: Literal["profile", "recommendations"] = "recommendations" if event.type == PURCHASED else "profile"
    given = PersonalizationInput(contact_id=contact_id, event_id=event.id, wanted=wanted)
    about = "What to recommend after a purchase" if event.type == PURCHASED else "How a lead is welcomed"
    return Start("Personalization", f"{wanted}/{event.id}", given, about, {CONTACT_ID: str(contact_id)})


def _webinar(event: Event) -> Start | None:
    """A webinar that was changed, or somebody who registered for one."""
    if event.source == OURS and event.type == CHANGED:
        webinar = WebinarInput(webinar_id=event.payload["webinar_id"])
        return Start("Webinar", f"webinar/{webinar.webinar_id}", webinar, "A webinar and its people", again=True)
    code = normal_code(event.payload.get("webinar") or "")
    if event.type != "webinar_registered" or event.contact_id is None or event.client_side or not code:
        return None
    given = RegistrationInput(contact_id=event.contact_id, event_id=event.id, webinar=code)
    about = f"A registration for {code}, for CRM and platform"
    attributes = {CONTACT_ID: str(event.contact_id)}
    return Start("WebinarRegistration", f"webinar-registration/{event.id}", given, about, attributes)


def _import(event: Event) -> Start:
    """The workflow of one thing that somebody asked of an import."""
    task = IMPORTS[event.type]
    given = ImportInput(import_id=event.payload["import"], task=task)
    return Start(
        "ContactImport", f"import/{given.import_id}/{event.payload['turn']}", given, f"A list of people: {task}"
    )


def standing(marketing: Marketing, clock: Clock) -> list[Start]:
    """What runs all the time, whatever happens: dispatch sees to it that each is there, and there once."""
    delayed = any(rule.delay.nominal_s for rule in marketing.reactions)
    if not (marketing.engagement.tiers or marketing.expect or delayed):
        return []
    given = SweepInput(epoch=clock.epoch, factor=clock.factor)
    return [Start("EngagementSweep", "engagement-sweep", given, "Tiers that fall, and people who went quiet")]


def campaign(row: CampaignRun) -> Start:
    """The workflow of one sending of a campaign."""
    given = CampaignInput(run_id=row.id)
    return Start("Campaign", row.workflow_id, given, f"Sending {row.no} of campaign {str(row.campaign_id)[:8]}")


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
