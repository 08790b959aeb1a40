"""Part 6: one click ends every marketing journey in mid-wait; what must be sent still is."""

from __future__ import annotations

from demo.calendar import moment_of
from demo.promises import Promises
from demo.stage import Stage
from demo.story.leads import NURTURE
from demo.story.purchases import BASICS, FOLLOWUP, RECEIPT, buy

STARTS_ON = 2
LEAVES_ON, BUYS_ON = 10, 12


class OptOut:
    """Olaf leaves by the link in his second mail, and buys something two days later."""

    title = "6  Opt-out"

    async def play(self, stage: Stage) -> None:
        self.olaf = stage.person("Olaf", "unsubscribes with one click on Day 10, buys on Day 12")
        await stage.until(STARTS_ON)
        await stage.senders.json_form("contact", email=self.olaf.email, first_name="Olaf", source="website")
        start = await stage.begin(self.olaf, NURTURE)
        await stage.sent(self.olaf, "demo_nurture_2")
        await stage.calendar.until(start, LEAVES_ON)
        stage.say("Olaf's mail program posts the one-click unsubscribe of his second mail")
        second = (await stage.api.sent(self.olaf.email, NURTURE))[-1]
        self.url = second["headers"]["List-Unsubscribe"].strip("<>")
        self.answer = await stage.api.unsubscribe(self.url)
        await stage.calendar.until(start, BUYS_ON)
        stage.say("Olaf buys Observability Basics")
        await buy(stage, self.olaf, BASICS)

    async def check(self, stage: Stage, promises: Promises) -> None:
        promises.same("The one-click post is answered 200", self.answer.status_code, 200)
        olaf = await stage.api.contact(self.olaf.email) or {}
        left = moment_of(olaf["opted_out_at"])
        after = [
            mail["step"]
            for mail in await stage.api.sent(self.olaf.email)
            if mail["lane"] == "marketing" and moment_of(mail["sent_at"]) > left
        ]
        promises.same("No marketing mail after it", after, [])
        row = await stage.journey(self.olaf, NURTURE)
        sent = len(await stage.api.sent(self.olaf.email, NURTURE))
        promises.same(
            "His nurture ended in mid-wait, after two mails",
            (row.state, row.reason, sent),
            ("exited", "unsubscribed", 2),
        )
        receipts = await stage.api.sent(self.olaf.email, RECEIPT)
        promises.same("The order confirmation still went out", len(receipts), 1)
        reasons = [
            entry["reason"]
            for entry in await stage.api.timeline(self.olaf.email)
            if entry["title"] == "not_entered" and entry["details"]["target"] == FOLLOWUP
        ]
        promises.same("No recommendations after his purchase, and the timeline says why", reasons, ["unsubscribed"])
