"""Part 4: checkouts that are started, and paid at four different moments."""

from __future__ import annotations

import asyncio
import re
import secrets

from demo.calendar import eventually, moment_of
from demo.promises import Promises
from demo.stage import Person, Stage
from demo.story.purchases import RECEIPT, buy
from store.messages import Message

RECOVERY = "cart_recovery"
BOOK = "field-guide"
# An hour of the story is a twelfth of a second: on these days nobody else wants anything.
STARTS_ON = 29.5
HOLD_HOURS = 72
ALMOST_A_DAY = 0.95
LOOK_EVERY_S = 0.01
FROZEN_AT_MOST_S = 2.0
HOURS_OFF = 4  # between reading the clock for a mail and writing its row, at 43,200 times the speed


class Carts:
    """Nell never pays, Bob after the first mail, Gus between claim and send of the second, Pia before the event."""

    title = "4  Cart"

    async def play(self, stage: Stage) -> None:
        self.nell = stage.person("Nell", "leaves her cart and never pays")
        self.bob = stage.person("Bob", "pays after the first reminder")
        self.gus = stage.person("Gus", "pays between the claim and the send of the second", tag="greylisted")
        self.pia = stage.person("Pia", "pays before the checkout event arrives")
        people = (self.nell, self.bob, self.gus, self.pia)
        self.carts = {person: f"cart-{secrets.token_hex(6)}" for person in people}
        await stage.until(STARTS_ON)
        await asyncio.gather(self._nell(stage), self._bob(stage), self._gus(stage), self._pia(stage))

    async def _checkout(self, stage: Stage, person: Person) -> None:
        stage.say(f"{person.name} starts a checkout")
        item = {"id": BOOK, "name": "The Field Guide to Quiet Systems", "price": "14.99", "quantity": 1}
        payload = {"cart_id": self.carts[person], "items": [item], "total": "14.99", "currency": "USD"}
        await stage.senders.event(
            {"type": "checkout_started", "email": person.email, "source": "shop", "payload": payload}
        )

    async def _pay(self, stage: Stage, person: Person, when: str) -> None:
        stage.say(f"{person.name} pays {when}")
        await buy(stage, person, BOOK, cart=self.carts[person])

    async def _nell(self, stage: Stage) -> None:
        await self._checkout(stage, self.nell)
        await stage.journey(self.nell, RECOVERY)
        await stage.ended(self.nell, RECOVERY)

    async def _bob(self, stage: Stage) -> None:
        await self._checkout(stage, self.bob)
        await eventually(lambda: self._is(stage, self.bob, "cart_1h", "sent"), "Bob's first reminder", every_s=0.05)
        await self._pay(stage, self.bob, "after the first reminder")
        await stage.ended(self.bob, RECOVERY)

    async def _gus(self, stage: Stage) -> None:
        await asyncio.sleep(1)
        await self._checkout(stage, self.gus)
        await stage.calendar.until(await stage.begin(self.gus, RECOVERY), ALMOST_A_DAY)
        await eventually(
            lambda: self._is(stage, self.gus, "cart_24h", "claimed"), "the claim of Gus's second reminder",
            every_s=LOOK_EVERY_S,
        )  # fmt: skip
        # His server asked to try again in an hour, a twelfth of a second here. The worker is held still for it.
        with stage.frozen(*stage.workers):
            paying = asyncio.create_task(self._pay(stage, self.gus, "between the claim and the send of the second"))
            await asyncio.wait({paying}, timeout=FROZEN_AT_MOST_S)
        await paying
        await stage.ended(self.gus, RECOVERY)

    async def _pia(self, stage: Stage) -> None:
        await self._pay(stage, self.pia, "before her checkout event arrives")
        await asyncio.sleep(0.5)
        await self._checkout(stage, self.pia)

    async def _is(self, stage: Stage, person: Person, step: str, state: str) -> Message | None:
        """The message in that state, or past it: what was missed shows in the promises."""
        message = await stage.witness.message(person.email, step)
        return message if message is not None and message.state in {state, "sent", "skipped"} else None

    async def check(self, stage: Stage, promises: Promises) -> None:
        await self._all_three(stage, promises)
        await self._ended_by_payment(stage, promises, self.bob, "Bob paid after the first reminder")
        await self._ended_by_payment(stage, promises, self.gus, "Gus paid while the second was on its way")
        await self._claimed(stage, promises)
        await self._none(stage, promises)

    async def _all_three(self, stage: Stage, promises: Promises) -> None:
        mails = {mail["step"]: mail for mail in await stage.api.sent(self.nell.email, RECOVERY)}
        row = await stage.journey(self.nell, RECOVERY)
        hours = [round(stage.calendar.days(row.started_at, moment_of(mail["due_at"])) * 24) for mail in mails.values()]
        promises.same("Nell never paid: reminders for 1, 24 and 48 hours", hours, [1, 24, 48])
        cart = await stage.witness.cart(self.carts[self.nell])
        code = await stage.witness.code(cart) if cart else None
        if cart is None or code is None or cart.hold_until is None or len(mails) != len(hours) or len(hours) != 3:
            promises.add("Her code, its time and her cart can be looked at", held=False)
            return
        promises.add(
            "The second and third have the same 10% code, the first has none",
            [code.code in mail["text"] for mail in mails.values()] == [False, True, True] and code.percent == 10,
            code.code,
        )
        lives = stage.calendar.days(row.started_at, code.expires_at) * 24
        valid = code.expires_at == cart.hold_until and round(lives) == HOLD_HOURS
        promises.add("The code is valid until the 72 hours of the hold end", valid, f"{lives:.1f} hours")
        last = mails["cart_48h"]
        left = stage.calendar.days(moment_of(last["created_at"]), cart.hold_until) * 24
        told = int((re.match(r"\d+", last["subject"]) or ["-99"])[0])
        promises.add("The third tells the true time left", abs(told - left) <= HOURS_OFF, f"“{last['subject']}”")
        released = (cart.state, row.reason)
        promises.same("At 72 hours her cart was released", released, ("released", "released"))

    async def _ended_by_payment(self, stage: Stage, promises: Promises, person: Person, words: str) -> None:
        mails = await stage.api.messages(person.email, RECOVERY)
        sent = [mail["step"] for mail in mails if mail["state"] == "sent"]
        row = await stage.journey(person, RECOVERY)
        promises.add(
            f"{words}: one reminder, no more",
            sent == ["cart_1h"] and row.reason == "cart_paid",
            f"sent: {', '.join(sent)}; ended: {row.reason}",
        )
        receipts = await stage.api.sent(person.email, RECEIPT)
        promises.same(f"{person.name} got the receipt", len(receipts), 1)

    async def _claimed(self, stage: Stage, promises: Promises) -> None:
        second = await stage.witness.message(self.gus.email, "cart_24h")
        found = (second.state, second.reason, second.attempts) if second else None
        promises.same(
            "Gus's second was claimed and tried once, then not sent: the cart was paid",
            found,
            ("skipped", "cart_paid", 1),
        )

    async def _none(self, stage: Stage, promises: Promises) -> None:
        mails = await stage.api.messages(self.pia.email, RECOVERY)
        reasons = [
            entry["reason"]
            for entry in await stage.api.timeline(self.pia.email)
            if entry["title"] == "not_entered" and entry["details"]["target"] == RECOVERY
        ]
        promises.same(
            "Pia paid before the checkout event: no reminder, and the timeline says why",
            (mails, reasons),
            ([], ["cart_paid"]),
        )
