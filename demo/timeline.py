"""One person's timeline in lines: virtual day, what came in, what was sent, what was not and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from rich.console import Console
from rich.text import Text

from demo.calendar import Calendar, moment_of
from demo.client import Json
from demo.stage import Person
from domain.reasons import sentence, spoken

# What the product tells itself is left out: it shows in what follows from it.
INTERNAL = frozenset({"perennial"})
# Journeys of one mail: the mail says all of it.
SHORT = frozenset({"order_receipt", "demo_confirmation", "demo_canceled"})
_TOLD = ("products", "cart_id", "event_name", "repository", "rescheduled")


def lines(entries: Iterable[Json], calendar: Calendar) -> list[Text]:
    """The lines of a timeline, in its order. Days count from the first event; a mail also tells its own."""
    told = _in_order(list(entries))
    starts = {entry["id"]: moment_of(entry["at"]) for entry in told if entry["kind"] == "journey_started"}
    found: list[Text] = []
    for entry in told:
        line = _READERS[entry["kind"]](entry)
        if line is not None:
            line = Text(f"  Day {entry['day']:>3}  ", style="dim") + line
            found.append(line + Text(_own_day(entry, starts, calendar), style="dim"))
    return found


def _own_day(entry: Json, starts: Mapping[str, datetime], calendar: Calendar) -> str:
    """For which day or hour of its journey a mail is."""
    details = entry["details"]
    start = starts.get(details.get("journey_id", "")) if entry["kind"] == "message" else None
    if start is None or entry["state"] != "sent" or details["sequence"] in SHORT:
        return ""
    hours = round(calendar.days(start, moment_of(details["due_at"])) * 24)
    by_hour = hours % 24 or details["sequence"] == "cart_recovery"
    return f", for its hour {hours}" if by_hour else f", for its Day {hours // 24}"


def _in_order(entries: list[Json]) -> list[Json]:
    """A journey is closed when its last message is claimed; it reads better when it ends after it."""
    last = {entry["details"].get("journey_id", ""): entry["at"] for entry in entries if entry["kind"] == "message"}

    def at(entry: Json) -> tuple[str, bool]:
        over = entry["kind"] == "journey_ended"
        sent: str = last.get(entry["id"], "") if over else ""
        own: str = entry["at"]
        return max(own, sent), over

    return sorted(entries, key=at)


def show(console: Console, person: Person, entries: Iterable[Json], calendar: Calendar) -> None:
    """Print one person's timeline under their name."""
    console.print(Text(f"\n{person.name}", style="bold") + Text(f"  {person.email}: {person.about}", style="dim"))
    for line in lines(entries, calendar):
        console.print(line, soft_wrap=True)


def _event(entry: Json) -> Text | None:
    details = entry["details"]
    if details["source"] in INTERNAL:
        return None
    payload = details["payload"]
    told = [_shown(payload[key]) for key in _TOLD if payload.get(key)]
    utm = payload.get("utm") or {}
    told += [f"from {utm['source']}"] if utm.get("source") else []
    more = f" ({', '.join(told)})" if told else ""
    source = details["source"].replace("form:", "form ")
    return Text("← ", style="cyan") + Text(f"{spoken(entry['title'])}{more}, {source}")


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "moved" if value is True else str(value)


def _action(entry: Json) -> Text | None:
    target, reason = entry["details"].get("target", ""), entry["reason"]
    if entry["title"] == "not_entered":
        return Text("· ", style="yellow") + Text(f"{spoken(target)} does not begin: {sentence(reason)}", style="yellow")
    if entry["title"] == "merged":
        return Text(f"· joins the running {spoken(target)}")
    if entry["title"] == "crm_done":
        return Text(f"· CRM: {spoken(target.partition('.')[0])}")
    return None


def _began(entry: Json) -> Text | None:
    if entry["title"] in SHORT:
        return None
    return Text("▸ ", style="blue") + Text(f"{spoken(entry['title'])} begins")


def _message(entry: Json) -> Text:
    step = spoken(entry["details"]["step"])
    if entry["state"] == "sent":
        return Text("→ ", style="green") + Text(f"“{entry['title']}”", style="green") + Text(f"  {step}", style="dim")
    why = sentence(entry["reason"])
    return Text("✗ ", style="magenta") + Text(f"not sent: {step}. {why}", style="magenta")


def _ended(entry: Json) -> Text | None:
    if entry["title"] in SHORT:
        return None
    why = sentence(entry["reason"]) or "Every step was carried out."
    return Text("▪ ", style="blue") + Text(f"{spoken(entry['title'])} ends. {why}")


def _decision(entry: Json) -> Text:
    return Text(f"· {spoken(entry['title'])}: {entry['state']}")


_READERS: Mapping[str, Callable[[Json], Text | None]] = MappingProxyType(
    {
        "event": _event,
        "action": _action,
        "journey_started": _began,
        "message": _message,
        "journey_ended": _ended,
        "decision": _decision,
    }
)
