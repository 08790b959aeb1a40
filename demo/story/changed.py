"""Part 8: a sequence is changed while people are in it: seen first, then carried out."""

from __future__ import annotations

from demo.promises import Promises
from demo.stage import NADIA, Person, Stage

TIPS = "tips"
BEGINS_ON, CHANGES_ON = 2, 7
FIRST = """\
sequence: tips
name: Tips
entry: {event: tips_wanted}
steps:
  - {email: education_1, at: 0d}
  - {email: education_2, at: 30d}
  - {email: education_3, at: 60d}
"""
SECOND = FIRST.replace("30d", "3d").replace("60d", "6d")


class Changed:
    """Ida and Jan wait for their second tip; Nadia shortens the wait. Kim comes after that."""

    title = "8  Live change"

    async def play(self, stage: Stage) -> None:
        self.early = [stage.person(name, "gets tips, which come sooner from Day 5 on") for name in ("Ida", "Jan")]
        self.late = stage.person("Kim", "wants tips after they were changed")
        await stage.until(BEGINS_ON)
        await stage.api.post("/v1/sequences", NADIA, text=FIRST)
        for person in self.early:
            await self._wants(stage, person)
            await stage.sent(person, "education_1")
        await stage.until(CHANGES_ON)
        self.seen = (await stage.api.post("/v1/sequences/preview", NADIA, text=SECOND))["preview"]
        stage.say(
            f"Nadia shortens a wait: of {self.seen['total']} people {self.seen['at_once']} have waited long enough"
        )
        given = {"text": SECOND, "running": "move", "base": self.seen["live"]}
        self.change = await stage.api.post("/v1/sequences", NADIA, **given)
        await self._wants(stage, self.late)
        for person in [*self.early, self.late]:
            await stage.ended(person, TIPS)

    async def _wants(self, stage: Stage, person: Person) -> None:
        await stage.senders.event({"type": "tips_wanted", "email": person.email, "payload": {}})

    async def check(self, stage: Stage, promises: Promises) -> None:
        promises.same("Who would be reached was told before", (self.seen["total"], self.seen["at_once"]), (2, 2))
        change = await stage.api.get(f"/v1/sequences/changes/{self.change['id']}")
        found = (change["state"], change["moved"], change["at_once"], change["left"])
        promises.same("Both moved, and the change is done", found, ("done", 2, 2, 0))
        rows = [await stage.journey(person, TIPS) for person in [*self.early, self.late]]
        promises.same("Every journey ends on the version that was published", {row.version for row in rows}, {2})
        steps = [[mail["step"] for mail in await stage.api.sent(one.email, TIPS)] for one in [*self.early, self.late]]
        wanted = ["education_1", "education_2", "education_3"]
        promises.same("Each mail came once, in its order", steps, [wanted] * 3)
        days = [await self._between(stage, person) for person in [*self.early, self.late]]
        promises.add(
            "The third mail kept its distance from the second", held=all(1 < one < 5 for one in days), found=str(days)
        )

    async def _between(self, stage: Stage, person: Person) -> float:
        """Virtual days between the second and the third mail."""
        second, third = [await stage.sent(person, step) for step in ("education_2", "education_3")]
        assert second.sent_at is not None
        assert third.sent_at is not None
        return round(stage.calendar.days(second.sent_at, third.sent_at), 1)
