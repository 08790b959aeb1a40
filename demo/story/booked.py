"""Part 2: demos are booked in week 3, canceled, and moved."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from demo import bodies
from demo.calendar import eventually, moment_of
from demo.promises import Promises
from demo.stage import Person, Stage
from demo.story.leads import NURTURE
from store.local import CrmRecord

CONFIRMATION = "demo_confirmation"
BOOKS_ON, MOVES_ON = 16, 18
DORA_BOOKS_ON, DORA_CANCELS_ON = 19, 22
FOURTH_DUE_ON = 21
JITTER_DAYS = 1.0  # what a busy machine may take between a webhook and the pause that it makes, in virtual days


class Booked:
    """Cleo books and stays; Dora books and cancels; Emil and Fay move theirs, told in either order."""

    title = "2  Booked"

    async def play(self, stage: Stage) -> None:
        self.cleo = stage.person("Cleo", "books a demo in week 3; the CRM has known her for long")
        self.dora = stage.person("Dora", "books in week 3 and cancels three days later")
        self.emil = stage.person("Emil", "moves his demo; Calendly tells of the cancellation first")
        self.fay = stage.person("Fay", "moves her demo; Calendly tells of the new booking first")
        known = CrmRecord(email=self.cleo.email, original_source="trade fair", assigned_rep="Noor")
        await stage.witness.seed_crm(known)
        people = (self.cleo, self.dora, self.emil, self.fay)
        self.invitees = {person: bodies.invitee_uri() for person in people}
        self.fresh = {person: bodies.invitee_uri() for person in (self.emil, self.fay)}
        first = (datetime.now(UTC) + timedelta(days=14)).replace(hour=15, minute=0, second=0, microsecond=0)
        self.times = {person: first + timedelta(hours=number) for number, person in enumerate(people)}
        for person in people:
            await stage.senders.json_form("contact", email=person.email, first_name=person.name, source="website")
        await asyncio.gather(
            self._cleo(stage),
            self._dora(stage),
            self._moves(stage, self.emil, canceled_first=True),
            self._moves(stage, self.fay, canceled_first=False),
        )

    async def _book(self, stage: Stage, person: Person, day: float) -> None:
        await stage.sent(person, "demo_nurture_3")
        await stage.calendar.until(await stage.begin(person, NURTURE), day)
        stage.say(f"{person.name} books a demo")
        await stage.senders.calendly(
            bodies.calendly_created(
                email=person.email, name=person.name, invitee=self.invitees[person], starts_at=self.times[person],
                at=datetime.now(UTC),
            )
        )  # fmt: skip

    async def _cleo(self, stage: Stage) -> None:
        await self._book(stage, self.cleo, BOOKS_ON)
        self.crm = await eventually(lambda: self._scheduled(stage), "the CRM to say that Cleo's demo is scheduled")

    async def _scheduled(self, stage: Stage) -> CrmRecord | None:
        found = await stage.witness.crm(self.cleo.email)
        return found if found and found.status == "Demo Scheduled" else None

    async def _dora(self, stage: Stage) -> None:
        await self._book(stage, self.dora, DORA_BOOKS_ON)
        await stage.calendar.until(await stage.begin(self.dora, NURTURE), DORA_CANCELS_ON)
        stage.say("Dora cancels her demo")
        await stage.senders.calendly(
            bodies.calendly_canceled(
                email=self.dora.email, name="Dora", invitee=self.invitees[self.dora],
                starts_at=self.times[self.dora], at=datetime.now(UTC),
            )
        )  # fmt: skip
        await stage.ended(self.dora, NURTURE)

    async def _moves(self, stage: Stage, person: Person, *, canceled_first: bool) -> None:
        await self._book(stage, person, BOOKS_ON)
        start = await stage.begin(person, NURTURE)
        await stage.calendar.until(start, MOVES_ON)
        stage.say(f"{person.name} moves the demo to a day later")
        old, new, at = self.invitees[person], self.fresh[person], datetime.now(UTC)
        self.times[person] += timedelta(days=1)
        when, who = self.times[person], {"email": person.email, "name": person.name}
        told = [
            bodies.calendly_canceled(**who, invitee=old, starts_at=when - timedelta(days=1), at=at, new_invitee=new),
            bodies.calendly_created(**who, invitee=new, starts_at=when, at=at, old_invitee=old),
        ]
        for half in told if canceled_first else reversed(told):
            await stage.senders.calendly(half)
            await asyncio.sleep(0.5)

    async def check(self, stage: Stage, promises: Promises) -> None:
        await self._stopped(stage, promises)
        await self._resumed(stage, promises)
        for person in (self.emil, self.fay):
            await self._moved(stage, promises, person)

    async def _stopped(self, stage: Stage, promises: Promises) -> None:
        steps = [mail["step"] for mail in await stage.api.messages(self.cleo.email, NURTURE)]
        row = await stage.journey(self.cleo, NURTURE)
        promises.add(
            "Cleo booked in week 3: nurture stopped at once, after three mails, and is held",
            steps == [f"demo_nurture_{number}" for number in (1, 2, 3)] and row.state == "paused",
            f"{len(steps)} mails, {row.state}",
        )
        notes = await stage.witness.notes(self.cleo.email)
        promises.add("The CRM says “Demo Scheduled”, with one line more", len(notes) == 1, "; ".join(notes))
        found = await stage.witness.crm(self.cleo.email)
        kept = (found.original_source, found.assigned_rep) if found else None
        promises.same("Cleo's original source and sales rep in the CRM are untouched", kept, ("trade fair", "Noor"))
        platform = await stage.witness.platform(self.cleo.email)
        told = platform.attributes if platform else {}
        booked = (told.get("DEMO_BOOKED"), told.get("DEMO_EVENT"))
        promises.same("The platform knows of the demo", booked, ("true", "Fieldnotes demo"))
        await self._confirmed(stage, promises, self.cleo, 1, "Cleo got one confirmation, with a calendar file")

    async def _confirmed(self, stage: Stage, promises: Promises, person: Person, count: int, words: str) -> None:
        mails = await stage.api.sent(person.email, CONFIRMATION)
        invitation = await stage.witness.invitation(mails[-1]["id"]) if mails else None
        begins = invitation.begins if invitation else None
        promises.same(words, (len(mails), begins), (count, self.times[person]))

    async def _resumed(self, stage: Stage, promises: Promises) -> None:
        calendar, start = stage.calendar, await stage.begin(self.dora, NURTURE)
        mails = await stage.api.sent(self.dora.email, NURTURE)
        due = [moment_of(mail["due_at"]) for mail in mails]
        events = {entry["title"]: moment_of(entry["at"]) for entry in await stage.api.timeline(self.dora.email)}
        booked, canceled = events["demo_booked"], events["demo_canceled"]
        between = [mail["step"] for mail in mails if booked < moment_of(mail["sent_at"]) < canceled]
        promises.same("Dora got no nurture while her demo was booked, though Day 21 passed", between, [])
        remained = FOURTH_DUE_ON - calendar.days(start, booked)
        waited = calendar.days(canceled, due[3]) if len(due) > 3 else -1
        promises.add(
            "Dora canceled: nurture went on with the wait that had remained",
            len(due) == 7 and abs(waited - remained) < JITTER_DAYS,
            f"{remained:.1f} days remained, the fourth mail came due {waited:.1f} days after the cancellation",
        )
        gaps = [round(calendar.days(one, other)) for one, other in pairwise(due[3:])]
        promises.same("Her later mails moved with it: 7, 15 and 15 days apart", gaps, [7, 15, 15])
        crm = await stage.witness.crm(self.dora.email)
        promises.same("The CRM says that her demo was canceled", crm and crm.status, "Demo Canceled")

    async def _moved(self, stage: Stage, promises: Promises, person: Person) -> None:
        row = await stage.journey(person, NURTURE)
        mails = await stage.api.messages(person.email, NURTURE)
        promises.add(
            f"{person.name} moved the demo: nurture stays held the whole time",
            (row.state, row.shift_s, len(mails)) == ("paused", 0, 3),
            f"{row.state}, {len(mails)} nurture mails",
        )
        words = f"{person.name} got exactly one fresh confirmation, with the new time in its calendar file"
        await self._confirmed(stage, promises, person, 2, words)
