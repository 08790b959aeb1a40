"""A list of people from a file: which column is what, and what is wrong with a row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.errors import Invalid
from domain.identity import normal_email

ATTRIBUTE: Final = "attribute:"
IGNORE: Final = ""
# What a column can be, by the name that people see.
FIELDS: Final[Mapping[str, str]] = {
    "email": "Email",
    "first_name": "First name",
    "company": "Company",
    "audience": "Audience",
    "timezone": "Time zone",
    "language": "Language",
    "tags": "Tags",
    "user_id": "User id",
    "source": "Source",
    "utm_campaign": "Campaign",
    "consented_at": "Consented on",
    "opted_out": "Unsubscribed",
    "suppressed": "Suppressed",
}
# Names that other systems' exports use, in letters and digits only.
_KNOWN: Final[Mapping[str, str]] = {
    "email": "email", "emailaddress": "email", "mail": "email", "subscriber": "email", "emailadresse": "email",
    "firstname": "first_name", "givenname": "first_name", "name": "first_name", "fname": "first_name",
    "vorname": "first_name",
    "company": "company", "companyname": "company", "organization": "company", "organisation": "company",
    "account": "company", "firma": "company",
    "audience": "audience", "segment": "audience", "persona": "audience",
    "timezone": "timezone", "tz": "timezone",
    "language": "language", "locale": "language", "lang": "language",
    "tags": "tags", "tag": "tags", "labels": "tags",
    "userid": "user_id", "externalid": "user_id", "customerid": "user_id",
    "source": "source", "leadsource": "source", "originalsource": "source", "utmsource": "source",
    "utmcampaign": "utm_campaign", "campaign": "utm_campaign",
    "consentedat": "consented_at", "optintime": "consented_at", "optindate": "consented_at",
    "confirmtime": "consented_at", "subscribedat": "consented_at",
    "unsubscribed": "opted_out", "optedout": "opted_out", "hasoptedoutofemail": "opted_out",
    "emailblacklisted": "opted_out", "unsubscribetime": "opted_out",
    "suppressed": "suppressed",
    # Columns of our own files that say nothing of the person.
    "contactid": IGNORE, "knownsince": IGNORE, "lineofthefile": IGNORE, "problemoftheline": IGNORE,
}  # fmt: skip
_YES: Final = frozenset({"1", "true", "yes", "y", "x", "unsubscribed", "optedout", "opted out"})
_NO: Final = frozenset({"", "0", "false", "no", "n", "subscribed", "active"})
SUPPRESSIONS: Final = ("bounced", "complained", "manual", "sunset")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_SEPARATORS = re.compile(r"[,;|]")
MAX_CHARS: Final = 200
MAX_TAGS: Final = 50
MAX_COLUMNS: Final = 200


class WrongRow(Exception):
    """What is wrong with a row, in a sentence that names the column."""


@dataclass(frozen=True, slots=True)
class Person:
    """One row that can be imported. `words` are columns of the contact; `opted_out` is a person's own no.

    `suppressed` is why their address is not written to.
    """

    email: str
    user_id: str | None = None
    words: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    source: str = ""
    campaign: str = ""
    consented_at: datetime | None = None
    opted_out: bool = False
    suppressed: str | None = None

    def payload(self) -> dict[str, Any]:
        """What the event `contact_imported` says of the person."""
        utm = {"campaign": self.campaign} if self.campaign else {}
        given = {
            **self.words,
            "tags": list(self.tags),
            "attributes": self.attributes,
            "source": self.source,
            "utm": utm,
        }
        return {name: value for name, value in given.items() if value}


def guess(header: Sequence[str]) -> list[str]:
    """What each column seems to be; each field once, everything unknown an attribute of its own name.

    Raises Invalid where the header cannot be one.
    """
    if not any(name.strip() for name in header):
        raise Invalid("The first line must name the columns.", "header")
    if len(header) > MAX_COLUMNS:
        message = f"The file has {len(header)} columns; at most {MAX_COLUMNS} are read."
        raise Invalid(message, "header")
    found: list[str] = []
    for name in header:
        known = _KNOWN.get(re.sub(r"[^a-z0-9]", "", name.lower()))
        own = name.strip().lower().removeprefix(ATTRIBUTE)
        attribute = re.sub(r"[^a-z0-9]+", "_", own).strip("_")[:60]
        if known == IGNORE or (known is not None and known not in found):
            found.append(known)
        elif attribute and f"{ATTRIBUTE}{attribute}" not in found:
            found.append(f"{ATTRIBUTE}{attribute}")
        else:
            found.append(IGNORE)
    return found


def check_columns(columns: Sequence[str], width: int) -> None:
    """Refuse a mapping that cannot be carried out. Raises Invalid."""
    if len(columns) != width:
        message = f"The file has {width} columns, and {len(columns)} were matched."
        raise Invalid(message, "columns")
    used = [name for name in columns if name != IGNORE]
    unknown = [name for name in used if name not in FIELDS and not re.fullmatch(r"attribute:[a-z0-9_]{1,60}", name)]
    if unknown:
        message = f"There is no field {unknown[0]}."
        raise Invalid(message, "columns")
    doubled = next((name for name in used if used.count(name) > 1), None)
    if doubled:
        message = f"Two columns are matched to {FIELDS.get(doubled, doubled.removeprefix(ATTRIBUTE))}."
        raise Invalid(message, "columns")
    if "email" not in used:
        raise Invalid("Match one column to Email: people are known by it.", "columns")


def read_row(columns: Sequence[str], cells: Sequence[str]) -> Person:
    """One row under a mapping. Raises WrongRow with a sentence."""
    if len(cells) != len(columns):
        message = f"The line has {len(cells)} cells, the first line has {len(columns)}."
        raise WrongRow(message)
    given = {name: cell.strip() for name, cell in zip(columns, cells, strict=True) if name != IGNORE}
    if not given["email"]:
        raise WrongRow("There is no email address.")
    too_long = next((name for name, cell in given.items() if name != "tags" and len(cell) > MAX_CHARS), None)
    if too_long and too_long != "email":
        message = f"{_called(too_long)} is longer than {MAX_CHARS} characters."
        raise WrongRow(message)
    try:
        email = normal_email(given["email"])
    except Invalid as error:
        raise WrongRow(str(error)) from None
    return Person(
        email=email,
        user_id=given.get("user_id") or None,
        words=_words(given),
        tags=_tags(given.get("tags", "")),
        attributes={
            name.removeprefix(ATTRIBUTE): cell for name, cell in given.items() if name.startswith(ATTRIBUTE) and cell
        },
        source=given.get("source", ""),
        campaign=given.get("utm_campaign", ""),
        consented_at=_moment(given.get("consented_at", "")),
        opted_out=_said_no(given.get("opted_out", "")),
        suppressed=_suppressed(given.get("suppressed", "")),
    )


def _words(given: Mapping[str, str]) -> dict[str, str]:
    words = {name: given[name] for name in ("first_name", "company", "audience") if given.get(name)}
    if zone := given.get("timezone"):
        words["timezone"] = _zone(zone)
    if language := given.get("language"):
        if not _LANGUAGE.fullmatch(language):
            message = f"{language!r} is no language; write it like en or pt-BR."
            raise WrongRow(message)
        words["language"] = language.replace("_", "-")
    return words


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"{name!r} is no time zone; write it like Europe/Berlin."
        raise WrongRow(message) from None


def _tags(cell: str) -> tuple[str, ...]:
    tags = tuple(dict.fromkeys(tag for part in _SEPARATORS.split(cell) if (tag := part.strip()[:100])))
    if len(tags) > MAX_TAGS:
        message = f"There are {len(tags)} tags; at most {MAX_TAGS} are taken."
        raise WrongRow(message)
    return tags


def _moment(cell: str) -> datetime | None:
    """ISO 8601, as every export writes it; a date alone is its first moment in UTC."""
    if not cell:
        return None
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        try:
            moment = datetime.combine(date.fromisoformat(cell[:10]), time())
        except ValueError:
            message = f"{cell!r} is no date; write it like 2026-03-31 or 2026-03-31T09:30:00Z."
            raise WrongRow(message) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _said_no(cell: str) -> bool:
    """A yes, or the moment of unsubscribing, is a no to all mail. What is neither is refused, not guessed."""
    word = cell.lower()
    if word in _NO:
        return False
    if word in _YES or re.match(r"\d{4}-\d{2}-\d{2}", word):
        return True
    message = f"{cell!r} does not say whether the person unsubscribed; write yes or no."
    raise WrongRow(message)


def _suppressed(cell: str) -> str | None:
    """Why the address is not written to, in our own words."""
    word = cell.lower()
    if word in SUPPRESSIONS:
        return word
    if word in _NO:
        return None
    message = f"{cell!r} is no reason for suppression; write {', '.join(SUPPRESSIONS)} or nothing."
    raise WrongRow(message)


def _called(name: str) -> str:
    return FIELDS.get(name, name.removeprefix(ATTRIBUTE))
