"""Part 12: a book becomes a lead magnet, a funnel, sequences and offers; nobody reads a word before it is approved."""

from __future__ import annotations

from http import HTTPStatus

from demo.calendar import Unheld, eventually
from demo.client import Json
from demo.promises import Promises
from demo.stage import NADIA, TOM, Stage
from domain.launching import FINAL, REVIEW

BRAND, BOOK = "fieldnotes", "franklin"
MAGNET, FUNNEL, WELCOME = f"{BOOK}-checklist", f"{BOOK}-value-ladder", f"{BOOK}-welcome"
REJECTED = f"{BRAND}-limited"
DELIVERY = "magnet_delivery"


class Launched:
    """Nadia launches the brand; Tom approves the funnel before its magnet and rejects an offer; Wilma reads."""

    title = "12  Launch"

    async def play(self, stage: Stage) -> None:
        self.wilma = stage.person("Wilma", "takes the checklist that was made of a book")
        stage.say("Nadia launches the brand: everything that a book can become is written, and waits")
        self.launch = await stage.api.post("/v1/launches", NADIA, brand=BRAND)
        await self._stands(stage, FUNNEL, "for review")
        await self._stands(stage, MAGNET, "for review")
        self.before = await self._pages(stage)
        await self._decide(stage, FUNNEL, "approve")
        await self._stands(stage, FUNNEL, "published")
        self.between = await self._pages(stage)
        await self._decide(stage, MAGNET, "approve")
        await self._stands(stage, REJECTED, "for review")
        await self._decide(stage, REJECTED, "reject", reason="Not this season.")
        await self._stands(stage, MAGNET, "live")
        await self._stands(stage, FUNNEL, "live")
        self.after = await self._pages(stage)
        stage.say("Wilma asks for the checklist on its page")
        self.asked = await stage.senders.magnet(MAGNET, email=self.wilma.email, first_name="Wilma")
        await stage.sent(self.wilma, DELIVERY)
        self.view = await eventually(lambda: self._written(stage), "everything to be written", within_s=stage.longest_s)

    async def _look(self, stage: Stage) -> Json:
        return await stage.api.get(f"/v1/launches/{self.launch['id']}")

    async def _written(self, stage: Stage) -> Json | None:
        view = await self._look(stage)
        return view if {one["stand"] for one in view["assets"]} <= {REVIEW, *FINAL} else None

    async def _stands(self, stage: Stage, slug: str, stand: str) -> None:
        async def ask() -> bool | None:
            assets = (await self._look(stage))["assets"]
            return any((one["slug"], one["stand"]) == (slug, stand) for one in assets) or None

        await eventually(ask, f"{slug} to be {stand}", within_s=stage.longest_s, every_s=0.3)

    async def _decide(self, stage: Stage, slug: str, action: str, **more: object) -> None:
        [asset] = [one for one in (await self._look(stage))["assets"] if one["slug"] == slug]
        answer = await stage.api.decide(asset["id"], action, TOM, **more)
        if not answer.is_success:
            message = f"{slug} could not be decided on ({answer.status_code})"
            raise Unheld(message)

    async def _pages(self, stage: Stage) -> tuple[int, int]:
        """How the magnet's and the funnel's pages answer."""
        return await stage.api.status(f"/g/{MAGNET}"), await stage.api.status(f"/f/{FUNNEL}")

    async def check(self, stage: Stage, promises: Promises) -> None:
        assets = {one["slug"]: one for one in self.view["assets"]}
        wanted = 1 + 1 + 3 + 3
        promises.same("Everything that the book becomes was asked for at once", len(assets), wanted)
        promises.same("Written offline, and said so", [slug for slug, one in assets.items() if not one["offline"]], [])
        missing, there = HTTPStatus.NOT_FOUND, HTTPStatus.OK
        promises.same("No page is there before it is approved", self.before, (missing, missing))
        promises.same("The funnel, approved, waits for its magnet", self.between, (missing, missing))
        promises.same("With the magnet both are there", self.after, (there, there))
        promises.same("The rejected offer is held back alone", assets[REJECTED]["stand"], "rejected")
        promises.same("Wilma's form is answered by a redirect", self.asked.status_code, HTTPStatus.SEE_OTHER)
        mails = await stage.api.sent(self.wilma.email, DELIVERY)
        promises.same("Wilma got the checklist, once", len(mails), 1)
        tags = (await stage.api.contact(self.wilma.email) or {"tags": []})["tags"]
        known = {"lead", f"magnet:{MAGNET}"} <= set(tags)
        promises.add("Wilma is a lead, and of which magnet", known, ", ".join(tags))
