"""Part 10: subscriptions renew, fail to be paid, and end, as Stripe tells of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from demo import bodies
from demo.bodies import Account
from demo.calendar import moment_of
from demo.promises import Promises
from demo.stage import Person, Stage

NOTICE, RECOVERY, GOODBYE, AFTER = "renewal", "payment_recovery", "non_renewal", "lapsed"
STARTS_ON, YEARS_END_ON = 4, 42
FAILS_ON, FAILS_AGAIN_ON, PAYS_ON = 6, 8, 11
STOPS_ON, COMES_BACK_ON = 7, 50
BEFORE_THE_END = [30, 7]


class Renewals:
    """Rita's year renews; Paul's card fails until he pays; Vera lets hers end, and comes back."""

    title = "10  Renewal"

    async def play(self, stage: Stage) -> None:
        self.rita = stage.person("Rita", "has a yearly subscription, which renews")
        self.paul = stage.person("Paul", "has a monthly subscription, whose payment fails until he pays")
        self.vera = stage.person("Vera", "lets her yearly subscription end, and comes back")
        self.ends_at = stage.calendar.moment(stage.start, YEARS_END_ON).replace(microsecond=0)
        await stage.until(STARTS_ON)
        await asyncio.gather(self._rita(stage), self._paul(stage), self._vera(stage))

    async def _begins(self, stage: Stage, account: Account, ends_at: datetime) -> None:
        """Stripe tells of the subscription first, which names nobody; the paid invoice says whose it is."""
        await self._changed(stage, "created", account, ends_at)
        await self._invoice(stage, "paid", account)

    async def _changed(self, stage: Stage, change: str, account: Account, at: datetime, *, ends: bool = False) -> None:
        told = bodies.stripe_subscription(change, account, ends_at=at, at=datetime.now(UTC), ends=ends)
        await stage.senders.stripe(told)

    async def _invoice(self, stage: Stage, kind: str, account: Account, attempt: int = 1) -> None:
        await stage.senders.stripe(bodies.stripe_invoice(kind, account, attempt=attempt, at=datetime.now(UTC)))

    async def _rita(self, stage: Stage) -> None:
        account = Account(self.rita.email, "year", 29_000)
        await self._begins(stage, account, self.ends_at)
        await stage.ended(self.rita, NOTICE)
        await stage.until(YEARS_END_ON)
        stage.say("Rita's subscription renews")
        await self._invoice(stage, "paid", account)
        await self._changed(stage, "updated", account, self.ends_at + stage.calendar.clock.real_span(timedelta(365)))
        await stage.journey(self.rita, NOTICE, 2)

    async def _paul(self, stage: Stage) -> None:
        account = Account(self.paul.email, "month", 2_900)
        await self._begins(stage, account, stage.calendar.moment(stage.start, FAILS_ON))
        for day, attempt in ((FAILS_ON, 1), (FAILS_AGAIN_ON, 2)):
            await stage.until(day)
            stage.say(f"Paul's payment fails, attempt {attempt}")
            await self._invoice(stage, "payment_failed", account, attempt)
        await stage.sent(self.paul, "payment_recovery_2")
        await stage.until(PAYS_ON)
        stage.say("Paul pays with another card")
        await self._invoice(stage, "paid", account)
        await stage.ended(self.paul, RECOVERY)

    async def _vera(self, stage: Stage) -> None:
        account = Account(self.vera.email, "year", 29_000)
        await self._begins(stage, account, self.ends_at)
        await stage.journey(self.vera, NOTICE)
        await stage.until(STOPS_ON)
        stage.say("Vera sets her subscription not to renew")
        await self._changed(stage, "updated", account, self.ends_at, ends=True)
        await stage.ended(self.vera, GOODBYE)
        await stage.until(YEARS_END_ON)
        await self._changed(stage, "deleted", account, self.ends_at, ends=True)
        await stage.sent(self.vera, "lapsed_0")
        await stage.until(COMES_BACK_ON)
        stage.say("Vera subscribes again")
        again = Account(self.vera.email, "month", 2_900)
        await self._begins(stage, again, stage.calendar.moment(stage.start, COMES_BACK_ON + 30))
        await stage.ended(self.vera, AFTER)

    async def check(self, stage: Stage, promises: Promises) -> None:
        await self._renewed(stage, promises)
        await self._paid(stage, promises)
        await self._left(stage, promises)

    async def _days_before(self, stage: Stage, person: Person, sequence: str) -> list[int]:
        """For how many days before the end of the year each mail was due."""
        mails = await stage.api.sent(person.email, sequence)
        return [round(stage.calendar.days(moment_of(mail["due_at"]), self.ends_at)) for mail in mails]

    async def _renewed(self, stage: Stage, promises: Promises) -> None:
        days = await self._days_before(stage, self.rita, NOTICE)
        promises.same("Rita heard of her renewal 30 and 7 days before it", days, BEFORE_THE_END)
        mails = await stage.api.sent(self.rita.email, NOTICE)
        promises.add("Both say what it costs", mails and all("$290.00" in mail["text"] for mail in mails))
        runs = await stage.api.journeys(self.rita.email, NOTICE)
        waits = [run["ended_at"] is None for run in runs]
        promises.same("It renewed: the notices of the next year wait", waits, [False, True])

    async def _paid(self, stage: Stage, promises: Promises) -> None:
        runs = await stage.api.journeys(self.paul.email, RECOVERY)
        promises.same("Paul's payment failed twice: one row of reminders", len(runs), 1)
        mails = await stage.api.messages(self.paul.email, RECOVERY)
        began = moment_of(runs[0]["started_at"])
        days = [round(stage.calendar.days(began, moment_of(mail["due_at"])), 1) for mail in mails]
        promises.same("He got the first at once and the second after 3 days", days, [0, 3])
        links = ["https://invoice.stripe.com/i/" in mail["text"] for mail in mails]
        promises.add("Each has the link to pay", links and all(links))
        promises.same("He paid: no third, and the reason is the paid invoice", runs[0]["reason"], "invoice_paid")
        promises.same("A monthly renewal is not announced", await stage.api.journeys(self.paul.email, NOTICE), [])

    async def _left(self, stage: Stage, promises: Promises) -> None:
        row = await stage.journey(self.vera, NOTICE)
        found = (row.reason, await self._days_before(stage, self.vera, NOTICE))
        promises.same("Vera set it not to renew: no notice of a renewal", found, ("subscription_ending", []))
        days = await self._days_before(stage, self.vera, GOODBYE)
        promises.same("She heard of its end 30 and 7 days before it", days, BEFORE_THE_END)
        after = await stage.ended(self.vera, AFTER)
        steps = [mail["step"] for mail in await stage.api.messages(self.vera.email, AFTER)]
        promises.same(
            "She came back after one mail: the two that would have followed are not sent",
            (after.reason, steps),
            ("subscription_renewed", ["lapsed_0"]),
        )
