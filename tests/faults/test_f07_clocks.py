"""F7: clocks that are ten minutes wrong, daylight saving both ways, people who move: each mail once, in its hours.

The stage shows any time of any year; what decides is the ledger on the real database. The model looks at wall clocks
only, minute by minute.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api.webhooks.base import BadSignature
from domain.windows import change
from store.base import now
from store.db import Database
from store.journeys import Journey
from store.ledger import Call, Ledger, Settled
from tests.api.webhooks.kits import make_kit
from tests.core_kit import World, compose, new_world, somebody
from tests.faults.kit import Verdict, chance, judge, of
from tests.store.turns_kit import Stage, move, on_stage, sequence
from tests.zones import ZONES

MAILS = of(50, 500)
WRONG_S = 600
QUIET = "21:00-08:00"
OPEN_HOURS = range(8, 21)
LONGEST = timedelta(hours=36)
MINUTE = timedelta(minutes=1)
LETTER = sequence("f7", steps=[{"email": "f7_letter"}])

pytestmark = pytest.mark.timeout(600)


class OwnClock(Ledger):
    """The control: it believes the clock of its worker."""

    wrong = timedelta()

    def moment(self, shown: datetime) -> datetime:
        return shown + self.wrong


@dataclass(slots=True)
class Mail:
    """One mail of one person: when it is due (virtual), where they live, and when and where to they move."""

    key: str
    zone: str
    due: datetime
    moves_at: datetime | None = None
    moves_to: str = ""
    wrong: timedelta = timedelta()
    email: str = field(default_factory=somebody)
    journey: Journey | None = None
    sent: list[datetime] = field(default_factory=list)
    asked: list[datetime] = field(default_factory=list)

    def home(self, at: datetime) -> str:
        return self.moves_to if self.moves_at is not None and at >= self.moves_at else self.zone

    def open(self, at: datetime) -> bool:
        """Whether a clock on their wall shows an hour in which mail may come."""
        return at.astimezone(ZoneInfo(self.home(at))).hour in OPEN_HOURS

    @property
    def wanted(self) -> datetime:
        """The first minute from when it was first asked for in which it may come, by looking at each."""
        at = self.asked[0]
        while not self.open(at):
            at = at.replace(second=0, microsecond=0) + MINUTE
        return at


def mails(luck: random.Random) -> list[Mail]:
    """In turns over the zones, near a change of their clocks where they have one; every third person moves."""
    found = []
    for number in range(MAILS):
        zone = ZONES[number % len(ZONES)]
        due = _changes(zone, luck) + timedelta(minutes=luck.randint(-1_500, 1_500), seconds=luck.randint(0, 59))
        mail = Mail(f"f7-{number}", zone, due, wrong=timedelta(seconds=luck.choice((-WRONG_S, 0, WRONG_S))))
        if number % 3 == 0:
            mail.moves_at, mail.moves_to = due + timedelta(minutes=luck.randint(1, 600)), luck.choice(ZONES)
        found.append(mail)
    return found


def _changes(zone: str, luck: random.Random) -> datetime:
    """A moment at which the clocks of the zone are changed, forward or back; any where they never are."""
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(365)]
    found = [at for day in days if (at := change(day, ZoneInfo(zone)))]
    return luck.choice(found or days)


async def test_each_mail_goes_out_once_in_its_hours_whatever_the_clocks_do(
    db: Database, tell: Callable[[Verdict], None]
) -> None:
    """The control decides by the worker's clock, and sends outside the hours."""
    luck, world = chance("F7"), await new_world(db)
    stage = on_stage(world, quiet_hours=QUIET)
    await world.publish(LETTER)
    batch = mails(luck)
    for mail in batch:
        await _begin(world, mail)
        await _live(world, stage, mail, world.ledger)
    outside = [mail.key for mail in batch for at in mail.sent if not mail.open(at)]
    stayed = [mail for mail in batch if mail.moves_at is None and mail.sent]
    late = [mail.key for mail in stayed if mail.sent[0] - mail.wanted > timedelta(seconds=WRONG_S) + MINUTE]
    verdict = judge("F7", [mail.key for mail in batch], [mail.key for mail in batch for _ in mail.sent])
    zones = len({mail.zone for mail in batch})
    asked = max(len(mail.asked) for mail in batch)
    tell(Verdict("F7", verdict.lost, verdict.duplicate, verdict.of, f"{len(outside)} outside, {zones} zones"))
    assert verdict.clean
    assert (outside, late) == ([], [])
    assert asked <= 4, "a deferred mail asks once more, and once or twice for whoever moves"
    assert all(mail.sent[0] - mail.due <= LONGEST for mail in batch)
    assert await _by_own_clocks(world, stage, tell) > 0


async def _by_own_clocks(world: World, stage: Stage, tell: Callable[[Verdict], None]) -> int:
    """How many mails went out at night by workers whose clock is ten minutes ahead at ten to eight."""
    control = OwnClock(world.db, world.definitions, world.marketing, world.clock)
    control.wrong = timedelta(seconds=WRONG_S)
    berlin = ZoneInfo("Europe/Berlin")
    batch = [Mail(f"f7-control-{n}", berlin.key, datetime(2026, 6, 3, 7, 51 + n, tzinfo=berlin)) for n in range(5)]
    for mail in batch:
        await _begin(world, mail)
        await _live(world, stage, mail, control)
    outside = sum(not mail.open(at) for mail in batch for at in mail.sent)
    tell(Verdict("F7 control", 0, 0, len(batch), f"{outside} outside, by the workers' own clocks"))
    return outside


async def _begin(world: World, mail: Mail) -> None:
    await world.tell(LETTER.entry.event, mail.email)
    await world.route()
    await move(world, mail.email, mail.zone)
    mail.journey = await world.journey(mail.email, LETTER.sequence)


async def _live(world: World, stage: Stage, mail: Mail, ledger: Ledger) -> None:
    """As its workflow does: ask when it is due by the server's clock, wait as long as it is told, ask again."""
    assert mail.journey is not None
    at, home = mail.due - mail.wrong, mail.zone
    while True:
        if mail.home(at) != home:
            home = mail.home(at)
            await move(world, mail.email, home)
        stage.set(at)
        due = await world.due(mail.journey, "f7_letter", due_at=world.clock.real(mail.due))
        mail.asked.append(at)
        claims = [await ledger.claim(due, "post", None, compose) for _ in range(2)]  # a second worker asks as well
        for claim in claims:
            if isinstance(claim, Call):
                mail.sent.append(stage.virtual(now()))
                await ledger.accepted(due, claim.message.id, f"post-{claim.message.id}")
        first = claims[0]
        if not (isinstance(first, Settled) and first.status == "deferred" and first.until and first.wait):
            return
        # The server's clock may be wrong by ten minutes; how long to wait is told as well (`again_at`).
        server = stage.virtual(now()) + mail.wrong
        at = max(stage.virtual(first.until), server + first.wait) - mail.wrong


@pytest.mark.parametrize("name", ["stripe", "calendly", "resend", "sendgrid", "cms"])
@pytest.mark.parametrize("age_s", [-301, -299, 299, 301])
def test_a_signature_is_accepted_within_299_seconds_and_refused_after_301(name: str, age_s: int) -> None:
    kit, moment = make_kit(name), now().replace(microsecond=0)
    request = kit.sign(at=moment - timedelta(seconds=age_s))
    if abs(age_s) < 300:
        kit.verify(request, moment)
        return
    with pytest.raises(BadSignature):
        kit.verify(request, moment)
