"""Part 3: purchases join a running follow-up, a fourth begins a new one, a refund takes its product out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from demo import bodies
from demo.calendar import moment_of
from demo.client import Json
from demo.promises import Promises
from demo.stage import Person, Stage

STARTS_ON = 0.5
FOLLOWUP = "purchase_followup"
RECEIPT = "order_receipt"
PRODUCTS = {
    "observability-basics": ("Observability Basics", 14900),
    "incident-practice": ("Incident Practice", 19900),
    "tracing-deep-dive": ("Tracing Deep Dive", 24900),
    "on-call-design": ("On-call Design", 12900),
}
BASICS, PRACTICE, TRACING, ON_CALL = PRODUCTS
NAMES = {key: name for key, (name, _) in PRODUCTS.items()}


async def buy(stage: Stage, person: Person, *products: str, intent: str | None = None, cart: str | None = None) -> None:
    """Stripe tells that a person paid."""
    amount = sum(PRODUCTS[key][1] for key in products if key in PRODUCTS) or 1499
    await stage.senders.stripe(
        bodies.stripe_checkout(
            email=person.email, name=person.name, products=products, amount=amount, intent=intent, cart=cart,
            at=datetime.now(UTC),
        )
    )  # fmt: skip


class Purchases:
    """Bea buys four times; Raj buys two at once and gives one back."""

    title = "3  B2C purchase"

    async def play(self, stage: Stage) -> None:
        self.bea = stage.person("Bea", "buys trainings on Days 0, 3, 9 and 16")
        self.raj = stage.person("Raj", "buys two trainings and gives one back on Day 4")
        await stage.until(STARTS_ON)
        await asyncio.gather(self._bea(stage), self._raj(stage))

    async def _bea(self, stage: Stage) -> None:
        stage.say("Bea buys Observability Basics")
        await buy(stage, self.bea, BASICS)
        start = await stage.begin(self.bea, FOLLOWUP)
        for day, product, shown in ((3, PRACTICE, "purchase_day_0"), (9, TRACING, "purchase_day_5")):
            # What a mail shows is read when it is claimed: on a machine that is behind, the mail comes first.
            await stage.sent(self.bea, shown)
            await stage.calendar.until(start, day)
            stage.say(f"Bea buys {NAMES[product]}")
            await buy(stage, self.bea, product)
        await stage.calendar.until(start, 16)
        # "After the end" is what Day 16 is about: on a machine that is behind, the end comes first.
        await stage.ended(self.bea, FOLLOWUP)
        stage.say("Bea buys On-call Design, after her follow-up ended")
        await buy(stage, self.bea, ON_CALL)
        await stage.ended(self.bea, FOLLOWUP, 2)

    async def _raj(self, stage: Stage) -> None:
        stage.say("Raj buys two trainings in one order")
        intent = bodies.fresh("pi")
        await buy(stage, self.raj, BASICS, PRACTICE, intent=intent)
        await stage.sent(self.raj, "purchase_day_0")
        await stage.calendar.until(await stage.begin(self.raj, FOLLOWUP), 4)
        stage.say("Raj gives Incident Practice back")
        refund = bodies.stripe_refund(
            email=self.raj.email, products=[PRACTICE], amount=19900, intent=intent, at=datetime.now(UTC)
        )
        await stage.senders.stripe(refund)
        await stage.ended(self.raj, FOLLOWUP)

    async def check(self, stage: Stage, promises: Promises) -> None:
        await self._merged(stage, promises)
        await self._refunded(stage, promises)

    async def _merged(self, stage: Stage, promises: Promises) -> None:
        runs = await stage.api.journeys(self.bea.email, FOLLOWUP)
        promises.same(
            "Bea's fourth purchase, after the end, began a new run; the others joined the first", len(runs), 2
        )
        mails = await stage.api.messages(self.bea.email, FOLLOWUP)
        first = {mail["step"]: mail for mail in mails if mail["journey_id"] == runs[0]["id"]}
        second = {mail["step"]: mail for mail in mails if mail["journey_id"] == runs[-1]["id"]}
        days = [_day(stage, runs[0], mail) for mail in first.values()]
        promises.same("Bea's first run: one mail each for Days 0, 5 and 15", days, [0, 5, 15])
        about_one = first["purchase_day_0"]["subject"]
        promises.add("Day 0 speaks of the first purchase only", about_one.startswith(NAMES[BASICS]), about_one)
        for step, keys in (("purchase_day_5", (BASICS, PRACTICE)), ("purchase_day_15", (BASICS, PRACTICE, TRACING))):
            missing = [NAMES[key] for key in keys if NAMES[key] not in first[step]["text"]]
            day, words = step.rpartition("_")[2], {2: "both purchases", 3: "all three"}[len(keys)]
            promises.add(f"Day {day} shows {words}", not missing, ", ".join(missing))
        subject = second["purchase_day_0"]["subject"]
        promises.add("The new run begins with its own Day 0", subject.startswith(NAMES[ON_CALL]), subject)
        receipts = await stage.api.sent(self.bea.email, RECEIPT)
        promises.same("Bea got one receipt for each of her four orders", len(receipts), 4)

    async def _refunded(self, stage: Stage, promises: Promises) -> None:
        mails = {mail["step"]: mail for mail in await stage.api.sent(self.raj.email, FOLLOWUP)}
        both = all(name in mails["purchase_day_0"]["text"] for name in (NAMES[BASICS], NAMES[PRACTICE]))
        promises.add("Raj's Day 0 shows the two trainings that he bought", both)
        for step in ("purchase_day_5", "purchase_day_15"):
            text = mails[step]["text"]
            held = NAMES[BASICS] in text and NAMES[PRACTICE] not in text
            promises.add(f"His refund took its product out of Day {step.rpartition('_')[2]}", held)
        receipts = await stage.api.sent(self.raj.email, RECEIPT)
        promises.same("Raj got one receipt", len(receipts), 1)


def _day(stage: Stage, journey: Json, mail: Json) -> float:
    return round(stage.calendar.days(moment_of(journey["started_at"]), moment_of(mail["due_at"])), 2)
