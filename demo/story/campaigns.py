"""Part 11: a newsletter goes to a segment, once each, after a person approved it; two subjects are tried on some."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime

from demo.calendar import eventually
from demo.client import Json
from demo.promises import Promises
from demo.stage import NADIA, TOM, Stage
from store.messages import Message

SEGMENT = "readers"
READ_ON, PLANNED_ON, APPROVED_ON, GOES_ON = 47.5, 49, 50, 52
CROWD = 33
# Of Lena and the crowd so many percent try the two subjects, half each; the opens of so many days decide.
TESTED_PERCENT, WAIT = 80, "4d"
SUBJECTS = {"a": "The quiet issue, number 7", "b": "What thirty outages had in common"}
BODY = """\
<mj-section><mj-column><mj-text>
  <p>Hi {{ contact.first_name | default: "there" }},</p>
  <p>Thirty teams sent us the review of their worst night. In most the first alert was right, and nobody saw it.</p>
</mj-text></mj-column></mj-section>
"""


class Campaigns:
    """Lena and the crowd read newsletters; Otto does too, and unsubscribes before it goes out."""

    title = "11  Campaign"

    async def play(self, stage: Stage) -> None:
        self.lena = stage.person("Lena", "reads the newsletter")
        self.otto = stage.person("Otto", "reads the newsletter, and unsubscribes before the next one goes out")
        self.readers = [self.lena.email, *(f"reader-{number}@people.example" for number in range(1, CROWD + 1))]
        await stage.until(READ_ON)
        for email in (*self.readers, self.otto.email):
            await stage.senders.event({"type": "newsletter_read", "email": email, "payload": {}})
        await stage.until(PLANNED_ON)
        await self._plan(stage)
        await stage.senders.event({"type": "unsubscribed", "email": self.otto.email, "payload": {}})
        await stage.until(APPROVED_ON)
        self.review = await stage.api.get(f"/v1/reviews/{self.campaign['review_id']}")
        stage.say(f"Tom approves one of two newsletters to {self.segment['count']} readers")
        await stage.api.decide(self.campaign["review_id"], "approve", TOM)
        await stage.until(GOES_ON)
        await self._opened(stage)
        self.run = await self._over(stage, self.campaign)
        self.missed = await self._over(stage, self.other)

    async def _plan(self, stage: Stage) -> None:
        """One that will be approved, and one that nobody looks at."""
        within = {"kind": "event", "event": "newsletter_read", "days": 30}
        self.segment = await stage.api.put(f"/v1/segments/{SEGMENT}", NADIA, name="Readers", filter=within)
        moment = stage.calendar.clock.virtual(stage.calendar.moment(stage.start, GOES_ON))
        self.campaign = await self._planned(stage, "Quiet issue 7", moment)
        self.other = await self._planned(stage, "Quiet issue 7, long", moment)

    async def _planned(self, stage: Stage, name: str, moment: datetime) -> Json:
        made = await stage.api.post(
            "/v1/campaigns", NADIA, name=name, segment=SEGMENT,
            words={"subject": SUBJECTS["a"], "subject_b": SUBJECTS["b"], "body": BODY},
            schedule={"at": moment.replace(tzinfo=None, microsecond=0).isoformat()},
            split={"percent": TESTED_PERCENT, "wait": WAIT},
        )  # fmt: skip
        return await stage.api.post(f"/v1/campaigns/{made['id']}/plan", NADIA)

    async def _opened(self, stage: Stage) -> None:
        """Once the test went out, everybody with the second subject opens it, and one of the others."""

        async def ask() -> list[Message] | None:
            run = await self._run(stage, self.campaign)
            if run["phase"] != "wait":
                return None
            return [mail for mail in await stage.witness.campaign_mails(run["id"]) if mail.state == "sent"]

        self.tested = await eventually(ask, "the two subjects to be tried")
        wanted = [mail for mail in self.tested if mail.step == "b"] + [
            mail for mail in self.tested if mail.step == "a"
        ][:1]
        stage.say(f"{len(wanted)} readers open it, nearly all with the second subject")
        await asyncio.gather(*(self._opens(stage, mail) for mail in wanted))

    async def _opens(self, stage: Stage, mail: Message) -> None:
        told = {"type": "email_opened", "email": mail.recipient, "payload": {"key": str(mail.id)}}
        await stage.senders.event(told)

    async def _run(self, stage: Stage, campaign: Json) -> Json:
        run: Json = (await stage.api.get(f"/v1/campaigns/{campaign['id']}"))["runs"][0]
        return run

    async def _over(self, stage: Stage, campaign: Json) -> Json:
        async def ask() -> Json | None:
            run = await self._run(stage, campaign)
            return run if run["finished_at"] else None

        return await eventually(ask, f"the end of “{campaign['name']}”")

    async def check(self, stage: Stage, promises: Promises) -> None:
        promises.same("The segment counts who read the newsletter", self.segment["count"], len(self.readers) + 1)
        waited = (self.review["state"], self.review["kind"], self.run["reason"])
        promises.same("It waited for a person's approval", waited, ("pending", "campaign", ""))
        found = (self.missed["state"], self.missed["reason"], self.missed["states"])
        promises.same(
            "The one that nobody approved goes to nobody, and says why", found, ("missed", "not_approved", {})
        )
        mails = await stage.witness.campaign_mails(self.run["id"])
        sent = [mail for mail in mails if mail.state == "sent"]
        await self._once(stage, promises, sent)
        self._compared(promises, sent)

    async def _once(self, stage: Stage, promises: Promises, sent: list[Message]) -> None:
        got = Counter(mail.recipient for mail in sent)
        promises.add("Every reader got it once, and nobody else", got == Counter(self.readers), f"{got.total()} mails")
        early = [
            mail for mail in sent if mail.sent_at is None or mail.sent_at < stage.calendar.moment(stage.start, GOES_ON)
        ]
        promises.same("None before its time", len(early), 0)
        mine = [mail for mail in await stage.api.sent(self.otto.email) if mail["lane"] == "marketing"]
        promises.same("Otto, who unsubscribed after it was planned, got nothing", mine, [])
        full = await stage.api.get(
            f"/v1/messages/{next(mail.id for mail in sent if mail.recipient == self.lena.email)}"
        )
        whole = "/u/" in full["headers"].get("List-Unsubscribe", "") and "14 Harbour Row" in full["text"]
        promises.add("Lena's has one-click unsubscribe and the postal address", whole)

    def _compared(self, promises: Promises, sent: list[Message]) -> None:
        tried = Counter(mail.step for mail in self.tested)
        promises.add(
            "Two subjects were tried, half each",
            tried.keys() == {"a", "b"} and abs(tried["a"] - tried["b"]) <= 1,  # Otto may be one of them
            f"{tried['a']} and {tried['b']}",
        )
        before = {mail.id for mail in self.tested}
        rest = {mail.subject for mail in sent if mail.id not in before}
        found = (self.run["winner"], self.run["verdict"].get("significant"), rest)
        promises.same("The second was opened more, beyond chance: the rest got it", found, ("b", True, {SUBJECTS["b"]}))
