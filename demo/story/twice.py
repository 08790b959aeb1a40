"""Part 7: everything is delivered a second time, in another order."""

from __future__ import annotations

import asyncio
import random
import secrets
from datetime import timedelta

from demo.calendar import eventually
from demo.client import Json
from demo.promises import Promises
from demo.stage import Stage

AT_ONCE = 8
SETTLE = timedelta(days=1)


class Twice:
    """Repeats every delivery of the other parts, shuffled; played when they are over."""

    title = "7  Everything twice"

    def __init__(self, links: list[str] | None = None) -> None:
        self.links = links if links is not None else []

    async def play(self, stage: Stage) -> None:
        self.before, self.state = await self._settled(stage), await stage.witness.state()
        seed = secrets.randbelow(1_000_000)
        again = list(stage.senders.delivered)
        random.Random(seed).shuffle(again)
        stage.say(f"All {len(again)} webhooks, forms and events are delivered again, shuffled with seed {seed}")
        self.count, self.seed = len(again), seed
        turn = asyncio.Semaphore(AT_ONCE)

        async def deliver(number: int) -> int:
            async with turn:
                return (await stage.senders.deliver(again[number])).status_code

        self.statuses = await asyncio.gather(*(deliver(number) for number in range(len(again))))
        self.links_again = [(await stage.api.unsubscribe(url)).status_code for url in self.links]
        await asyncio.sleep(stage.calendar.clock.real_span(SETTLE).total_seconds())
        self.after = await self._settled(stage)
        self.changed = {f"{what} {key}" for what, key, _ in await stage.witness.state() ^ self.state}
        self.outbox = await stage.witness.outbox()

    async def _settled(self, stage: Stage) -> Json:
        async def ask() -> Json | None:
            found = await stage.api.get("/v1/counters")
            return found if not (found["waiting"] or found["calling"] or found["claimed"]) else None

        return await eventually(ask, "everything to be carried out")

    async def check(self, _: Stage, promises: Promises) -> None:
        fine = all(status in {202, 303} for status in self.statuses) and set(self.links_again) <= {200}
        promises.add(f"All {self.count} deliveries are taken again (seed {self.seed})", fine)
        grown = self.after["deduplicated"] - self.before["deduplicated"]
        promises.same("Each is counted as a repeat, and as nothing else", grown, self.count)
        promises.add(
            "Nothing changed and nothing was sent: messages, posts, journeys, drafts, touches, CRM",
            not self.changed,
            ", ".join(sorted(self.changed)),
        )
        whole = self.after
        adds_up = whole["received"] == sum(whole[key] for key in ("routed", "deduplicated", "rejected", "waiting"))
        promises.add(
            "Received = routed + deduplicated + rejected + waiting",
            adds_up and whole["rejected"] == 0,
            "{received} = {routed} + {deduplicated} + {rejected} + {waiting}".format(**whole),
        )
        doubtful = whole["failed"] + whole["unknown"]
        promises.add(
            "The outbox holds each sent message once; none failed, none is doubtful",
            self.outbox == whole["sent"] and doubtful == 0,
            f"{self.outbox} mails of {whole['sent']}",
        )
