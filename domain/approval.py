"""The rules of approval: which states there are, when somebody is reminded, who was first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from domain.clock import Clock
from domain.errors import Conflict, PerennialError

PENDING: Final = "pending"
APPROVED: Final = "approved"
REJECTED: Final = "rejected"
REGENERATED: Final = "regenerated"
EXPIRED: Final = "expired"
STATES: Final = (PENDING, APPROVED, REJECTED, REGENERATED, EXPIRED)

POLICY: Final = "policy"  # Who approved what needs no person.
SYSTEM: Final = "system"  # Who let a review expire.

REQUESTED: Final = "requested"
REMINDER: Final = "reminder"
ESCALATION: Final = "escalation"
EXPIRY: Final = "expiry"

# The limit of posts a day is about these.
SOCIAL_CHANNELS: Final = ("x", "linkedin")
# Put to use by a person: once approved, the team is given the words.
HANDED_OVER: Final = ("seo", "producthunt")
# Channels that have a name of their own.
NAMED: Final[Mapping[str, str]] = MappingProxyType({"x": "X", "linkedin": "LinkedIn", "newsletter": "the newsletter"})
# What the team reads of a draft in its chats; a funnel or a sequence is too long for one.
TOLD_IN_FULL: Final = ("x", "linkedin", "newsletter", "seo", "producthunt")

MAX_TITLE: Final = 200
SOURCE_KEYS: Final = ("repository", "tag", "name", "body", "url")

_WORDS: Final = {
    APPROVED: "approved this",
    REJECTED: "rejected this",
    REGENERATED: "asked for a new version of this",
    EXPIRED: "let this expire",
}


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who decides: `actor` as the audit log has it (`user:<id>`), `name` as others are told."""

    actor: str
    name: str


class Spans(BaseModel):
    """How long after a draft began to wait each stage comes, in virtual seconds."""

    model_config = ConfigDict(frozen=True)

    reminder_s: float = Field(ge=0)
    escalation_s: float = Field(ge=0)
    expiry_s: float = Field(ge=0)


@dataclass(frozen=True, slots=True)
class Stage:
    """A moment of waiting at which something happens; `due` is real time."""

    name: str
    due: datetime


def stages(since: datetime, spans: Spans, clock: Clock) -> tuple[Stage, ...]:
    """What happens to a draft that nobody decides, in order, for one that waits since the real time `since`."""
    start = clock.virtual(since)
    offsets = (
        (REQUESTED, 0.0),
        (REMINDER, spans.reminder_s),
        (ESCALATION, spans.escalation_s),
        (EXPIRY, spans.expiry_s),
    )
    return tuple(Stage(name, clock.real(start + timedelta(seconds=offset))) for name, offset in offsets)


def urgent(stage: str, quality: Mapping[str, Any]) -> bool:
    """Whether the team is told with high priority: an escalation always, a weak draft from the start."""
    return stage == ESCALATION or bool(quality.get("urgent"))


def announcement(stage: str, title: str, quality: Mapping[str, Any], words: str = "") -> tuple[str, str]:
    """Title and text of what the team is told at a stage; with the draft's `words` when it is new."""
    head = {
        REQUESTED: "Please review",
        REMINDER: "Still waits for a review",
        ESCALATION: "Nobody has reviewed this yet",
    }[stage]
    overall, advice = quality.get("overall"), quality.get("advice")
    scored = (
        f"Quality {overall:.0%}: {advice}." if isinstance(overall, (int, float)) and advice else "No quality is known."
    )
    text = f"{scored} Approve, edit, reject or ask for another draft on its page."
    return f"{head}: {title}", f"{text}\n\n{words}" if words and stage == REQUESTED else text


def title(payload: Mapping[str, Any], kind: str) -> str:
    """What a review is called in a list: `acme/tool v1.2: linkedin`."""
    parts = (str(payload.get(key) or "") for key in ("repository", "tag"))
    name = " ".join(part for part in parts if part) or str(payload.get("name") or "")
    return f"{name}: {kind}"[:MAX_TITLE] if name else kind


def source(payload: Mapping[str, Any]) -> dict[str, str]:
    """What a writer is given of an event: its texts, without ids, numbers and what is empty."""
    return {key: value.strip() for key in SOURCE_KEYS if isinstance(value := payload.get(key), str) and value.strip()}


class AlreadyDecided(Conflict):
    """Somebody was first: `state` is what became of it, by `decided_by` at `decided_at`."""

    code = "already_decided"

    def __init__(self, state: str, decided_by: str | None, decided_at: datetime | None, draft: int) -> None:
        when = f" on {said(decided_at)}" if decided_at else ""
        who = {None: "Somebody", POLICY: "The configuration", SYSTEM: "Nobody decided in time, so the system"}
        name = who.get(decided_by, decided_by)
        super().__init__(f"{name} {_WORDS.get(state, 'decided this')}{when}. Nothing was changed now.")
        self.state = state
        self.decided_by = decided_by
        self.decided_at = decided_at
        self.draft = draft


class NotYours(PerennialError):
    """It is for somebody else to do. HTTP 403."""

    code = "not_yours"
    status = 403


class DraftChanged(Conflict):
    """The words are no longer those that the person looked at: `changed_by` wrote `draft` at `changed_at`."""

    code = "draft_changed"

    def __init__(self, seen: int, draft: int, changed_by: str, changed_at: datetime) -> None:
        super().__init__(
            f"You looked at draft {seen}, but {changed_by} wrote draft {draft} on {said(changed_at)}."
            " Look at it and decide again. Nothing was changed now."
        )
        self.state = PENDING
        self.draft = draft
        self.decided_by = changed_by
        self.decided_at = changed_at


def said(moment: datetime) -> str:
    """A moment as a sentence has it, in UTC."""
    return f"{moment.astimezone(UTC):%d %b %Y at %H:%M:%S} UTC".removeprefix("0")
