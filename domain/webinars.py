"""Webinars: their codes, who is counted as what, and what is to be done about one at a moment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.schedule import Delay
from domain.sequences import DelayText

CODE: Final = re.compile(r"WB\d{3,9}")
Attendance = Literal["attended", "missed", "unknown"]
_SEPARATORS = re.compile(r"[,;]")


def code_of(number: int) -> str:
    """`WB003`, and `WB1000` after `WB999`."""
    return f"WB{number:03d}"


def normal_code(text: object) -> str:
    """A code as we write it, however somebody typed it."""
    return str(text).strip().upper()


def joined_history(held: str, ours: Iterable[str]) -> str:
    """`WB003, WB005`: what a system holds and what we know, each once, in the order in which it came."""
    there = [part.strip() for part in _SEPARATORS.split(held)]
    return ", ".join(dict.fromkeys([part for part in there if part] + list(ours)))


class Kind(BaseModel):
    """What an organisation type says of a person: a tag, such as B2B, and the primary audience."""

    model_config = ConfigDict(extra="forbid")

    tag: str = Field(default="", max_length=100)
    audience: str = Field(default="", max_length=200)


class WebinarRules(BaseModel):
    """`organization_types` in the order in which a form offers them.

    Who came is settled `settle_after` a webinar's end, once anybody was said to have come; without a word it is left
    open, and `give_up_after` the end everybody gets the mail that fits both.
    """

    model_config = ConfigDict(extra="forbid")

    organization_types: dict[str, Kind] = Field(default_factory=dict)
    consent_wording: str = ""
    settle_after: DelayText = Delay(seconds=4 * 3600)
    give_up_after: DelayText = Delay(days=3)

    @field_validator("give_up_after")
    @classmethod
    def _after_settling(cls, value: Delay) -> Delay:
        if value.nominal_s < 0:
            raise ValueError("this cannot be before the end")
        return value

    def kind(self, organization_type: str) -> tuple[str, Kind] | None:
        """The type as it is called in the table, and what it says; None for one that is not in it."""
        wanted = " ".join(organization_type.split()).casefold()
        return next(((name, kind) for name, kind in self.organization_types.items() if name.casefold() == wanted), None)


@dataclass(frozen=True, slots=True)
class Standing:
    """A webinar as its rows say. Times are real.

    `untold`: somebody does not know its newest time, or that it was canceled. `unrecorded`: somebody is on a list of
    who came and not recorded yet. `heard`: anybody was said to have come. `unsettled`: somebody is neither yet.
    """

    canceled: bool
    ends_at: datetime
    settle_at: datetime
    give_up_at: datetime
    untold: bool
    unrecorded: bool
    heard: bool
    unsettled: bool


Duty = Literal["announce", "record", "settle", "ask", "wait", "over"]


@dataclass(frozen=True, slots=True)
class Turn:
    """What to do now. `until` is the real moment to look again where there is nothing now."""

    duty: Duty
    until: datetime | None = None


def turn(webinar: Standing, now: datetime) -> Turn:
    """What is to be done about a webinar. A time that has passed is announced to nobody."""
    if webinar.untold and (webinar.canceled or now < webinar.ends_at):
        return Turn("announce")
    if webinar.canceled:
        return Turn("over")
    if webinar.unrecorded:
        return Turn("record")
    if now < webinar.settle_at:
        return Turn("wait", webinar.settle_at)
    if not webinar.unsettled:
        return Turn("over")
    if webinar.heard or now >= webinar.give_up_at:
        return Turn("settle")
    return Turn("ask", webinar.give_up_at)


def outcome(attended: bool, heard: bool) -> Attendance:
    """What a person is counted as. Nobody missed it as long as nobody was said to have come."""
    if attended:
        return "attended"
    return "missed" if heard else "unknown"


def survey_link(url: str, email: str, phone: str) -> str:
    """The survey with the person's address and number filled in.

    `{email}` and `{phone}` say where; without them both become parameters of those names. Everything is encoded.
    """
    if not url:
        return ""
    if "{email}" in url or "{phone}" in url:
        return url.replace("{email}", quote(email, safe="")).replace("{phone}", quote(phone, safe=""))
    parts = urlsplit(url)
    given = [(name, value) for name, value in (("email", email), ("phone", phone)) if value]
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *given], quote_via=quote)
    return urlunsplit(parts._replace(query=query))


@dataclass(frozen=True, slots=True)
class Slot:
    """A webinar as calendars have it. Times are real."""

    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    url: str = ""
    text: str = ""


def google_link(slot: Slot) -> str:
    """Google Calendar's own form, filled in (its `action=TEMPLATE` addresses)."""
    span = "/".join(f"{moment:%Y%m%dT%H%M%SZ}" for moment in (slot.starts_at, slot.ends_at))
    given = {"action": "TEMPLATE", "text": slot.title, "dates": span, "ctz": slot.zone}
    return _filled("https://calendar.google.com/calendar/render", given | {"details": slot.text, "location": slot.url})


def outlook_link(slot: Slot, host: str = "outlook.live.com") -> str:
    """Outlook's form on the web, filled in; people with an account at work have it on `outlook.office.com`."""
    given = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": slot.title,
        "startdt": f"{slot.starts_at:%Y-%m-%dT%H:%M:%SZ}",
        "enddt": f"{slot.ends_at:%Y-%m-%dT%H:%M:%SZ}",
        "body": slot.text,
        "location": slot.url,
    }
    return _filled(f"https://{host}/calendar/0/deeplink/compose", given)


def _filled(url: str, given: Mapping[str, str]) -> str:
    return f"{url}?{urlencode({name: value for name, value in given.items() if value}, quote_via=quote)}"
