"""A campaign as a form. What cannot be is said with the field's own name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, get_args

from pydantic import ValidationError
from starlette.datastructures import FormData

from domain.campaigns import Campaign, Kind, Repeat
from domain.errors import Invalid
from domain.preferences import GENERAL
from domain.strategies import Test

KINDS: tuple[str, ...] = get_args(Kind)
REPEATS: tuple[str, ...] = get_args(Repeat)
BODY = """<mj-section>
  <mj-column>
    <mj-text>
      <p>Hello {{ contact.first_name | default: "there" }},</p>
      <p>…</p>
    </mj-text>
  </mj-column>
</mj-section>"""
LABELS = {
    "name": "Name", "kind": "Kind", "segment": "To whom", "topic": "Topic", "words.subject": "Subject",
    "words.subject_b": "Second subject",
    "words.preheader": "Preview line", "words.body": "Mail", "words.why": "Why they get it", "schedule.at": "When",
    "schedule.zone": "Time zone", "schedule.until": "Last day", "split.percent": "Share of the test",
    "split.wait": "Wait", "per_hour": "Mails an hour", "schedule": "When",
}  # fmt: skip


def blank() -> dict[str, str]:
    """An empty form."""
    return {
        "name": "", "kind": "newsletter", "segment": "", "topic": GENERAL,
        "subject": "", "subject_b": "", "preheader": "", "body": BODY,
        "why": "", "at": "", "zone": "UTC", "local": "", "repeat": "never", "until": "", "percent": "20", "wait": "4h",
        "measure": "opened", "per_hour": "",
    }  # fmt: skip


def fields_of(campaign: Campaign) -> dict[str, str]:
    """A campaign as its form shows it."""
    words, schedule, split = campaign.words, campaign.schedule, campaign.split
    plain = campaign.model_dump(mode="json")
    return {
        "name": campaign.name, "kind": campaign.kind, "segment": campaign.segment,
        "topic": campaign.topic, "subject": words.subject,
        "subject_b": words.subject_b, "preheader": words.preheader, "body": words.body, "why": words.why,
        "at": schedule.at.strftime("%Y-%m-%dT%H:%M") if schedule.at else "", "zone": schedule.zone,
        "local": "yes" if schedule.local else "", "repeat": schedule.repeat,
        "until": schedule.until.isoformat() if schedule.until else "", "percent": str(split.percent),
        "wait": str(plain["split"]["wait"]), "measure": split.measure,
        "per_hour": str(campaign.per_hour or ""),
    }  # fmt: skip


def at_hour(hour: int, now: datetime) -> dict[str, str]:
    """Tomorrow at that hour, by each recipient's own clock."""
    tomorrow = (now + timedelta(days=1)).replace(hour=hour, minute=0)
    return {"at": tomorrow.strftime("%Y-%m-%dT%H:%M"), "local": "yes"}


def of_test(test: Test) -> dict[str, str]:
    """An approved test as a campaign: both subjects, and as many people as it needs."""
    return {
        "name": test.hypothesis[:120], "subject": test.subject_a, "subject_b": test.subject_b,
        "percent": str(test.percent), "measure": test.metric, "wait": "1d",
    }  # fmt: skip


def given(form: FormData) -> dict[str, str]:
    """What the form held, for showing it again."""
    return {name: str(form.get(name) or "") for name in blank()}


def campaign_of(fields: dict[str, str]) -> Campaign:
    """The campaign that a form says. Raises Invalid that names the field."""
    schedule: dict[str, Any] = {
        "zone": fields["zone"] or "UTC",
        "local": bool(fields["local"]),
        "repeat": fields["repeat"],
    }
    schedule |= {name: fields[name] for name in ("at", "until") if fields[name]}
    written: dict[str, Any] = {
        "name": fields["name"].strip(), "kind": fields["kind"], "segment": fields["segment"],
        "topic": fields["topic"] or GENERAL,
        "words": {name: fields[name].strip() for name in ("subject", "subject_b", "preheader", "body", "why")},
        "schedule": schedule,
        "split": {"percent": fields["percent"], "wait": fields["wait"], "measure": fields["measure"] or "opened"},
        "per_hour": fields["per_hour"] or None,
    }  # fmt: skip
    try:
        return Campaign.model_validate(written)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        message = f"{LABELS.get(place, place or 'Campaign')}: {said}."
        raise Invalid(message, place) from None
