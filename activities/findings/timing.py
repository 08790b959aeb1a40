"""The hour at which mails were answered most, on each recipient's own clock; else an assumed one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from activities.findings.telling import FEWEST, differing, share
from domain.findings import Figure, Findings, assumed
from domain.marketing import Marketing
from domain.strategies import WEEKDAYS, Slot
from domain.strategy_options import TimingOptions
from domain.winner import Tally
from providers import statistics
from store import segments, strategy_facts
from store.access import instance_clock

ASSUMED_HOUR: Final = 10
ASSUMED_WEEKDAY: Final = 1
FEW: Final = 20  # Below so many mails an hour of one weekday is not compared.
Answers = Mapping[tuple[int, int], Tally]


async def find(tx: AsyncSession, marketing: Marketing, options: Mapping[str, str]) -> Findings:  # noqa: ARG001 - others need it
    """An hour of each weekday, one for all, and a day to launch on. Raises NotFound for no such segment."""
    asked = TimingOptions.model_validate(dict(options))
    if asked.segment:
        await segments.get(tx, asked.segment)
    answers = await strategy_facts.by_hour(tx, await instance_clock(tx), asked.metric, asked.segment)
    slots = [_slot(weekday, answers) for weekday in range(7)]
    hours = _summed(answers, 1)
    hour = _best(hours, FEWEST)
    days = _summed(answers, 0)
    day = _best(days, FEWEST)
    evidence = [share(f"Mails {asked.metric}", _all(answers), "marketing mails of the last 180 days")]
    enough = hour is not None
    if hour is not None:
        evidence.append(share(f"Sent at {hour}:00", hours[hour], "the same mails, by the recipient's clock"))
        rest = _less(_all(answers), hours[hour])
        figure, around = differing(f"{hour}:00 less all other hours", rest, hours[hour])
        evidence.append(figure)
        enough = around.differs
    else:
        evidence.append(_benchmark("Best hour", f"{ASSUMED_HOUR}:00"))
    if day is None:
        evidence.append(_benchmark("Best day to launch", WEEKDAYS[ASSUMED_WEEKDAY]))
    else:
        evidence.append(share(f"Sent on a {WEEKDAYS[day]}", days[day], "the same mails, by the recipient's clock"))
    evidence += [_told(slot) for slot in slots if slot.measured]
    launch = slots[day if day is not None else ASSUMED_WEEKDAY]
    send_hour = hour if hour is not None else ASSUMED_HOUR
    return Findings(
        evidence=evidence,
        enough=enough,
        assumptions=[*assumed(evidence), *_doubts(enough=enough, unmeasured=sum(not slot.measured for slot in slots))],
        values={
            "measure": asked.metric,
            "segment": asked.segment,
            "slots": [slot.model_dump() for slot in slots],
            "send_hour": send_hour,
            "launch_weekday": launch.weekday,
            "launch_hour": launch.hour if launch.measured else send_hour,
        },
    )


def _doubts(*, enough: bool, unmeasured: int) -> list[str]:
    said = ["Hours that were not tried say nothing: only those at which mails went out are compared."]
    if not enough:
        said.append("No hour is better than the others beyond chance.")
    if unmeasured:
        said.append(f"{unmeasured} weekdays have too few mails at any one hour: for them the hour is assumed.")
    return said


def _slot(weekday: int, answers: Answers) -> Slot:
    mine = {hour: tally for (day, hour), tally in answers.items() if day == weekday}
    hour = _best(mine, FEW)
    if hour is None:
        return Slot(weekday=weekday, hour=ASSUMED_HOUR, sent=0, did=0)
    tally = mine[hour]
    around = statistics.share(tally.did, tally.got)
    return Slot(
        weekday=weekday, hour=hour, sent=tally.got, did=tally.did, low=around.low, high=around.high, measured=True
    )


def _best(tallies: Mapping[int, Tally], fewest: int) -> int | None:
    """By what is at least to be expected, among those with enough mails; of equals the earlier."""
    known = {key: tally for key, tally in sorted(tallies.items()) if tally.got >= fewest}
    return max(known, key=lambda key: statistics.share(known[key].did, known[key].got).low, default=None)


def _summed(answers: Answers, place: int) -> dict[int, Tally]:
    """Answers by weekday (`place` 0) or by hour (1)."""
    found: dict[int, Tally] = {}
    for key, tally in answers.items():
        before = found.get(key[place], Tally(0, 0))
        found[key[place]] = Tally(before.got + tally.got, before.did + tally.did)
    return found


def _all(answers: Answers) -> Tally:
    return Tally(sum(one.got for one in answers.values()), sum(one.did for one in answers.values()))


def _less(whole: Tally, part: Tally) -> Tally:
    return Tally(whole.got - part.got, whole.did - part.did)


def _told(slot: Slot) -> Figure:
    what = f"{WEEKDAYS[slot.weekday]} at {slot.hour}:00"
    return share(what, Tally(slot.sent, slot.did), "marketing mails by the recipient's clock")


def _benchmark(what: str, value: str) -> Figure:
    return Figure(what=what, value=value, basis="assumed", source="a benchmark: mail read in the working morning")
