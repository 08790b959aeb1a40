"""Part 1: leads come in by forms, CRM and platform learn of them, and demo nurture runs."""

from __future__ import annotations

from demo.calendar import moment_of
from demo.client import Json
from demo.promises import Promises
from demo.stage import Person, Stage
from store.local import CrmRecord

STARTS_ON = 1
NURTURE = "demo_nurture"
DAYS = (0, 7, 14, 21, 28, 43, 58)


class Leads:
    """Ada by HTML form, Grace by JSON; Ivan is a client already."""

    title = "1  B2B lead"

    async def play(self, stage: Stage) -> None:
        self.ada = stage.person("Ada", "an HTML form from a campaign; comes again on Day 10 from another")
        self.grace = stage.person("Grace", "the same form as JSON")
        self.ivan = stage.person("Ivan", "fills in the form, but is a client already")
        await stage.witness.seed_crm(CrmRecord(email=self.ivan.email, is_client=True, original_source="referral"))
        await stage.until(STARTS_ON)
        stage.say("Ada, Grace and Ivan fill in the contact form")
        self.html = await stage.senders.html_form(
            "contact", email=self.ada.email, first_name="Ada", company="Analytical Engines",
            message="Could we see a demo?", audience="Platform teams", utm_source="google", utm_medium="cpc",
            utm_campaign="spring", landing_page="https://fieldnotes.example/demo?utm_source=google",
        )  # fmt: skip
        self.json = await stage.senders.json_form("contact", email=self.grace.email, first_name="Grace")
        await stage.senders.json_form("contact", email=self.ivan.email, first_name="Ivan", source="website")
        start = await stage.begin(self.ada, NURTURE)
        await stage.calendar.until(start, 10)
        stage.say("Ada fills in the form again, this time coming from LinkedIn")
        await stage.senders.json_form(
            "contact", email=self.ada.email, first_name="Ada", utm_source="linkedin", utm_campaign="summer"
        )
        await stage.calendar.until(start, DAYS[-1])
        for person in (self.ada, self.grace):
            await stage.ended(person, NURTURE)

    async def check(self, stage: Stage, promises: Promises) -> None:
        promises.same("The HTML form is answered by a redirect, JSON by 202", self._answers(), (303, 202))
        for person in (self.ada, self.grace):
            await self._seven(stage, promises, person)
        await self._attribution(stage, promises)
        await self._vendors(stage, promises)
        await self._client(stage, promises)
        await self._footer(stage, promises)

    def _answers(self) -> tuple[int, int]:
        return self.html.status_code, self.json.status_code

    async def _seven(self, stage: Stage, promises: Promises, person: Person) -> None:
        start = await stage.begin(person, NURTURE)
        mails = await stage.api.sent(person.email, NURTURE)
        days = [round(stage.calendar.days(start, moment_of(mail["due_at"])), 2) for mail in mails]
        promises.same(
            f"{person.name} got seven mails, for Days 0, 7, 14, 21, 28, 43 and 58", days, list(map(float, DAYS))
        )
        late = [stage.calendar.days(moment_of(mail["due_at"]), moment_of(mail["sent_at"])) for mail in mails]
        worst = f"the latest {max(late, default=0) * 24:.0f} virtual hours after its time"
        promises.add(f"None of {person.name}'s mails went out before its time", min(late, default=-1) >= 0, worst)

    async def _attribution(self, stage: Stage, promises: Promises) -> None:
        ada = await stage.api.contact(self.ada.email) or {}
        promises.add(
            "Ada has her tags, audience and form",
            {"B2B", "lead", "form:contact"} <= set(ada["tags"])
            and (ada["audience"], ada["form_source"]) == ("Engineering", "contact"),
            f"{', '.join(ada['tags'])}; {ada['audience']}; {ada['form_source']}",
        )
        sources = (ada["original_source"], ada["latest_source"])
        promises.same("Ada's original touch stays Google, her latest is LinkedIn", sources, ("google", "linkedin"))
        campaigns = [touch["utm"].get("campaign") for touch in ada["touches"]]
        promises.same("Both of Ada's touches are kept with their campaigns", campaigns, ["spring", "summer"])
        reasons = _not_entered(await stage.api.timeline(self.ada.email))
        promises.same(
            "Ada's second form began no second nurture, and the timeline says why", reasons, ["already_in_it"]
        )

    async def _vendors(self, stage: Stage, promises: Promises) -> None:
        crm = await stage.witness.crm(self.ada.email)
        platform = await stage.witness.platform(self.ada.email)
        touches = (crm.original_source, crm.touches) if crm else None
        promises.same("The CRM has Ada's original source and both touches", touches, ("google", ["google", "linkedin"]))
        attributes = platform.attributes if platform else {}
        found = (attributes.get("ORIGINAL_SOURCE"), attributes.get("LATEST_SOURCE"))
        promises.same("The marketing platform has both as well", found, ("google", "linkedin"))

    async def _client(self, stage: Stage, promises: Promises) -> None:
        ivan = await stage.api.contact(self.ivan.email) or {}
        promises.same("That Ivan is a client was read back from the CRM", ivan["is_client"], True)
        promises.same("Ivan was not nurtured", await stage.api.messages(self.ivan.email, NURTURE), [])
        reasons = _not_entered(await stage.api.timeline(self.ivan.email))
        promises.same("Ivan's timeline says why", reasons, ["contact.is_client is False"])

    async def _footer(self, stage: Stage, promises: Promises) -> None:
        mails = await stage.api.sent(self.ada.email, NURTURE)
        whole = [
            mail["headers"].get("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
            and "/u/" in mail["headers"].get("List-Unsubscribe", "")
            and "14 Harbour Row" in mail["text"]
            and "14 Harbour Row" in mail["html"]
            for mail in mails
        ]
        promises.add("Each has a text part, one-click unsubscribe and the postal address", whole and all(whole))


def _not_entered(entries: list[Json]) -> list[str]:
    """Why the nurture was not entered, by a person's timeline."""
    return [
        entry["reason"]
        for entry in entries
        if entry["title"] == "not_entered" and entry["details"]["target"] == NURTURE
    ]
