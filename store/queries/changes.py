"""What publishing a version would do to the journeys that run, and how far publications are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.errors import NotFound
from domain.moving import Move
from domain.sequences import Sequence
from store.access import User
from store.changes import SequenceChange, SequenceDraft
from store.events import Event
from store.journeys import OPEN, Journey, SequenceRow, SequenceVersion
from store.moving import Stands, moves, running
from store.sequences import CONFIG, Definitions, digest

CHUNK = 2_000
# What no journey has: a definition that is not a version yet.
UNBORN = 0


@dataclass(slots=True)
class StepCount:
    """The people who stand at one step of one version, and where each would go on: `lands` by step, "" for the end."""

    version: int
    step: str
    people: int = 0
    paused: int = 0
    removed: bool = False
    stays: int = 0
    at_once: int = 0
    too_late: int = 0
    lands: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Preview:
    """What each choice does to `total` journeys that run by other versions. `live` is the version before.

    Move: `moves` go on in the new version, of them `at_once` get their next step now since they have waited long
    enough, `too_late` are past its date, `finishes` have nothing left; `stays` cannot move. `removed` stand at a step
    that the new version is without. `exits` have done already what ends the new version. Stop: `stops` end.
    """

    sequence: str
    live: int
    total: int = 0
    paused: int = 0
    moves: int = 0
    at_once: int = 0
    too_late: int = 0
    finishes: int = 0
    stays: int = 0
    removed: int = 0
    exits: int = 0
    stops: int = 0
    steps: list[StepCount] = field(default_factory=list)


async def preview(tx: AsyncSession, definitions: Definitions, clock: Clock, new: Sequence) -> Preview:
    """Everybody who runs by another version, by where they stand. Changes nothing."""
    key = new.sequence
    row = await tx.get(SequenceRow, key)
    known = select(SequenceVersion.version).where(SequenceVersion.key == key, SequenceVersion.digest == digest(new))
    version = (await tx.execute(known)).scalar_one_or_none() or UNBORN
    found = Preview(key, row.live_version if row else UNBORN)
    steps: dict[tuple[int, str], StepCount] = {}
    after: UUID | None = None
    while stands := await running(tx, key, version, after, CHUNK):
        for (journey, _), where in zip(stands, await moves(tx, definitions, clock, new, stands), strict=True):
            place = (journey.version, journey.step)
            _count(found, steps.setdefault(place, StepCount(*place)), journey, where)
        found.exits += await _exits(tx, definitions, new, stands)
        after = stands[-1][0].id
        for journey, _ in stands:
            tx.expunge(journey)
    found.steps = await _ordered(tx, definitions, key, steps)
    return found


def _count(found: Preview, here: StepCount, journey: Journey, where: Move | None) -> None:
    found.total += 1
    here.people += 1
    if journey.state == "paused":
        found.paused += 1
        here.paused += 1
    found.stops += not journey.workflow_id.startswith("cart/")
    if where is None:
        found.stays += 1
        here.stays += 1
        return
    found.moves += 1
    found.finishes += where.step is None
    found.at_once += where.at_once
    found.too_late += where.too_late
    found.removed += where.removed
    here.removed = where.removed
    here.at_once += where.at_once
    here.too_late += where.too_late
    here.lands[where.step or ""] = here.lands.get(where.step or "", 0) + 1


async def _exits(tx: AsyncSession, definitions: Definitions, new: Sequence, stands: Stands) -> int:
    """How many have done what ends the new version and did not end theirs."""
    count = 0
    by_version: dict[int, list[Journey]] = {}
    for journey, _ in stands:
        by_version.setdefault(journey.version, []).append(journey)
    for version, journeys in by_version.items():
        old = await definitions.of(tx, new.sequence, version)
        added = sorted(set(new.endings) - set(old.endings))
        if not added:
            continue
        done = (
            select(func.count(func.distinct(Journey.id)))
            .join(Event, Event.contact_id == Journey.contact_id)
            .where(Journey.id.in_([journey.id for journey in journeys]), Event.type.in_(added))
            .where(Event.seq > Journey.entry_seq, Event.state != "rejected", Event.client_side.is_(False))
        )
        count += (await tx.execute(done)).scalar_one()
    return count


async def _ordered(
    tx: AsyncSession, definitions: Definitions, key: str, steps: dict[tuple[int, str], StepCount]
) -> list[StepCount]:
    """The newest version first, its steps in the order in which they are written."""
    order: dict[tuple[int, str], int] = {}
    for version in {version for version, _ in steps}:
        definition = await definitions.of(tx, key, version)
        order |= {(version, step.key): number for number, step in enumerate(definition.walk())}
    return [steps[place] for place in sorted(steps, key=lambda place: (-place[0], order.get(place, -1), place[1]))]


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version, who made it, whether it is `live` or what the `file` holds, and how many `people` run by it."""

    row: SequenceVersion
    live: bool
    file: bool
    people: int


async def versions(tx: AsyncSession, key: str) -> list[VersionView]:
    """Every version of the sequence, the newest first. Raises NotFound."""
    sequence = await tx.get(SequenceRow, key)
    if sequence is None:
        message = f"There is no sequence {key!r}."
        raise NotFound(message)
    counted = (
        select(Journey.version, func.count())
        .where(Journey.sequence == key, Journey.state.in_(OPEN))
        .group_by(Journey.version)
    )
    people = {row[0]: row[1] for row in (await tx.execute(counted)).all()}
    rows = select(SequenceVersion).where(SequenceVersion.key == key).order_by(SequenceVersion.version.desc())
    return [
        VersionView(
            row, row.version == sequence.live_version, row.version == sequence.file_version, people.get(row.version, 0)
        )
        for row in (await tx.execute(rows)).scalars()
    ]


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A publication and how far it is: `untold` journeys have the new version, and their workflows are not told yet."""

    row: SequenceChange
    left: int
    untold: int


async def change_view(tx: AsyncSession, change_id: UUID) -> ChangeView:
    """One publication. `left` is how many journeys run by another version still. Raises NotFound."""
    row = await tx.get(SequenceChange, change_id)
    if row is None:
        raise NotFound("There is no change with this id.")
    mine = (Journey.sequence == row.sequence, Journey.state.in_(OPEN))
    left = select(func.count()).where(*mine, Journey.version != row.version)
    untold = select(func.count()).where(*mine, Journey.version == row.version, Journey.revision > Journey.notified)
    return ChangeView(row, (await tx.execute(left)).scalar_one(), (await tx.execute(untold)).scalar_one())


async def changes_of(tx: AsyncSession, key: str, limit: int = 20) -> list[SequenceChange]:
    """The publications of a sequence, the newest first."""
    rows = select(SequenceChange).where(SequenceChange.sequence == key)
    return list((await tx.execute(rows.order_by(SequenceChange.created_at.desc()).limit(limit))).scalars())


async def names_of(tx: AsyncSession, actors: Iterable[str]) -> dict[str, str]:
    """Who these actors are, as colleagues know them."""
    rows = (await tx.execute(select(User))).scalars()
    people = {f"user:{person.id}": person.name or person.email for person in rows}
    known = people | {CONFIG: "the configuration", "operator": "the command line"}
    return {actor: known.get(actor, actor) for actor in actors}


async def draft_of(tx: AsyncSession, key: str) -> SequenceDraft | None:
    """What somebody is writing."""
    return await tx.get(SequenceDraft, key)
