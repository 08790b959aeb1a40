"""Part 9: a webinar fills up by its public form, is moved, takes place, and says who missed it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from demo.calendar import eventually, moment_of
from demo.client import Json
from demo.promises import Promises
from demo.stage import NADIA, Person, Stage
from demo.witness import Invitation

PLACE, MOVED, AFTER = "webinar", "webinar_moved", "webinar_followup"
CONFIRMATION = "webinar_confirmation"
# When few others want anything: what comes too late for a reminder of an hour is two seconds late.
FILLS_ON, MOVES_ON, LATE_ON = 38.5, 40, 41.5
FIRST_TIME, SECOND_TIME = 43.5, 46
# It lasts for a day: an hour of the story is a twelfth of a second, in which nobody could be reminded.
MINUTES = 24 * 60
REMINDED = [("webinar_tomorrow", 24), ("webinar_soon", 1)]
TITLE = "A day on call, live"


class Webinars:
    """Viola and Walt register before it is moved, Uma after; Walt does not come."""

    title = "9  Webinar"

    async def play(self, stage: Stage) -> None:
        self.viola = stage.person("Viola", "registers for a webinar that is moved, and comes")
        self.walt = stage.person("Walt", "registers for the same one, twice by mistake, and does not come")
        self.uma = stage.person("Uma", "registers once it was moved, and comes")
        self.times = [_whole(stage.calendar.moment(stage.start, day)) for day in (FIRST_TIME, SECOND_TIME)]
        await stage.until(FILLS_ON)
        self.code = (await stage.api.post("/v1/webinars", NADIA, **self._written(self.times[0])))["code"]
        stage.say("Viola and Walt register for the webinar, Walt by two clicks")
        self.answers = [await self._register(stage, person) for person in (self.viola, self.walt)]
        await stage.until(MOVES_ON)
        stage.say("Nadia moves the webinar to two and a half days later")
        await stage.api.put(f"/v1/webinars/{self.code}", NADIA, **self._written(self.times[1]))
        await stage.until(LATE_ON)
        await self._register(stage, self.uma)
        await self._over(stage)
        stage.say("Nadia uploads the list of who came: Viola and Uma")
        listed = f"Email,Attended\n{self.viola.email},Yes\n{self.walt.email},No\n{self.uma.email},Yes\n"
        self.recorded = await stage.api.upload(f"/v1/webinars/{self.code}/attendance", NADIA, listed)
        await asyncio.gather(*(stage.ended(person, AFTER) for person in self.people))

    @property
    def people(self) -> tuple[Person, Person, Person]:
        return self.viola, self.walt, self.uma

    def _written(self, at: datetime) -> Json:
        return {
            "title": TITLE,
            "starts_at": at.isoformat(),
            "minutes": MINUTES,
            "zone": "Europe/Lisbon",
            "join_url": "https://meet.example/on-call",
        }

    async def _register(self, stage: Stage, person: Person) -> list[int]:
        """What the form's post is answered; Walt's browser posts it a second time."""
        clicks = 2 if person is self.walt else 1
        fields = {"email": person.email, "first_name": person.name, "organization_type": "Company"}
        return await stage.senders.registration(self.code, clicks=clicks, **fields)

    async def _over(self, stage: Stage) -> None:
        """Wait for its end; nobody can say before it began who came."""
        await stage.until(SECOND_TIME)

        async def ask() -> bool:
            found = await stage.api.get(f"/v1/webinars/{self.code}")
            return moment_of(found["ends_at"]) <= datetime.now(UTC)

        await eventually(ask, "the end of the webinar")

    async def check(self, stage: Stage, promises: Promises) -> None:
        await self._filled(stage, promises)
        await self._confirmed(stage, promises)
        await self._told(stage, promises)
        await self._reminded(stage, promises)
        await self._followed(stage, promises)

    async def _filled(self, stage: Stage, promises: Promises) -> None:
        promises.same("The form's post is answered by a redirect, also for Walt's second click",
                      self.answers, [[303], [303, 303]])  # fmt: skip
        found = await stage.api.all(f"/v1/webinars/{self.code}/registrations")
        emails = sorted(row["email"] for row in found)
        promises.same("Each has one place", emails, sorted(person.email for person in self.people))
        told = [await stage.witness.platform(person.email) for person in self.people]
        codes = [one.attributes.get("WEBINAR_HISTORY") if one else None for one in told]
        promises.same("The platform knows which webinar each registered for", codes, [self.code] * 3)

    async def _confirmed(self, stage: Stage, promises: Promises) -> None:
        sent = [await self._invitations(stage, person, PLACE, CONFIRMATION) for person in self.people]
        self.first = {person: found[0] for person, found in zip(self.people, sent, strict=True)}
        times = [[one.begins for one in found] for found in sent]
        wanted = [[self.times[0]], [self.times[0]], [self.times[1]]]
        promises.same("Each got one mail to join, with a calendar file of the time as it then was", times, wanted)

    async def _told(self, stage: Stage, promises: Promises) -> None:
        sent = [await self._invitations(stage, person, MOVED, "webinar_update") for person in self.people]
        times = [[one.begins for one in found] for found in sent]
        promises.same("It was moved: Viola and Walt are told once; Uma knew no other time",
                      times, [[self.times[1]], [self.times[1]], []])  # fmt: skip
        replaced = [
            update.uid == self.first[person].uid and update.sequence > self.first[person].sequence
            for person, found in zip(self.people, sent, strict=True)
            for update in found
        ]
        promises.add("The new calendar file replaces the old one: the same UID, a higher SEQUENCE", all(replaced))

    async def _invitations(self, stage: Stage, person: Person, sequence: str, step: str) -> list[Invitation]:
        mails = [mail for mail in await stage.api.sent(person.email, sequence) if mail["step"] == step]
        found = [await stage.witness.invitation(mail["id"]) for mail in mails]
        return [one for one in found if one is not None]

    async def _reminded(self, stage: Stage, promises: Promises) -> None:
        for person in self.people:
            mails = await stage.api.sent(person.email, PLACE) + await stage.api.sent(person.email, MOVED)
            found = [
                (mail["step"], round(stage.calendar.days(moment_of(mail["due_at"]), self.times[1]) * 24))
                for mail in mails
                if mail["step"] in dict(REMINDED)
            ]
            promises.same(f"{person.name} is reminded a day and an hour before the new time, and of no other",
                          found, REMINDED)  # fmt: skip

    async def _followed(self, stage: Stage, promises: Promises) -> None:
        promises.same("The list was understood", (self.recorded["came"], self.recorded["wrong"]), (2, []))
        steps = [[mail["step"] for mail in await stage.api.sent(one.email, AFTER)] for one in self.people]
        promises.same("Afterwards Viola and Uma are thanked, and Walt hears that he missed it",
                      steps, [["webinar_attended"], ["webinar_missed"], ["webinar_attended"]])  # fmt: skip
        row = await stage.api.get(f"/v1/webinars/{self.code}")
        promises.same("The webinar counts them", (row["registered"], row["attended"], row["missed"]), (3, 2, 1))


def _whole(moment: datetime) -> datetime:
    """Calendar files tell whole seconds."""
    return moment.replace(microsecond=0)
