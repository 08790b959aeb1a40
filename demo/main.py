"""`perennial demo`: starts everything, plays the story, shows each person's timeline, checks every promise."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus

import httpx
from rich.console import Console
from rich.text import Text

import settings as environment
from demo import promises, timeline
from demo.calendar import Calendar, Unheld, eventually
from demo.client import Api, Json
from demo.promises import Promises
from demo.screen import Screen
from demo.senders import NotTaken, Secrets, Senders
from demo.stage import NADIA, TOM, Part, Person, Stage
from demo.story.approval import Approval
from demo.story.booked import Booked
from demo.story.campaigns import Campaigns
from demo.story.carts import BOOK, Carts
from demo.story.changed import Changed
from demo.story.launched import Launched
from demo.story.leads import Leads
from demo.story.optout import OptOut
from demo.story.purchases import RECEIPT, Purchases, buy
from demo.story.renewals import Renewals
from demo.story.twice import Twice
from demo.story.webinars import Webinars
from demo.surroundings import surroundings
from demo.witness import Witness
from domain.clock import Clock
from embedded.errors import CannotStart
from embedded.private import new_secret
from embedded.serve import addresses
from embedded.signals import until_told
from embedded.supervisor import Running, running
from settings import Settings
from store import instance
from store.access import create_key, create_user
from store.db import Database

ADMIN = "admin@people.example"
WIDTH_WITHOUT_TERMINAL = 120
TIMEOUT_S = 30.0


@dataclass(slots=True)
class Outcome:
    """The exit status: 1 until every promise was checked and held."""

    status: int = 1


def run() -> int:
    """Play the demo in this process's terminal. 0: every promise held; 1: not, or stopped before the end."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL, highlight=False)
    outcome = Outcome()
    screen = Screen(console)
    asyncio.run(_run(environment.load(), screen, outcome))
    return outcome.status


async def _run(given: Settings, screen: Screen, outcome: Outcome) -> None:
    await until_told(_demo(given, screen, outcome), screen)


async def _demo(given: Settings, screen: Screen, outcome: Outcome) -> None:
    screen("Perennial's demo: seven weeks and more of marketing, a day in about two seconds")
    settings, secrets = await surroundings(given)
    async with running(settings, say=screen) as up, _stage(up, secrets, screen) as (stage, admin):
        parts = await _story(stage, screen)
        screen.console.rule("What happened to whom")
        for person in stage.people:
            timeline.show(screen.console, person, await _told(stage, person), stage.calendar)
        screen.console.rule("What was promised")
        promises.show(screen.console, parts)
        outcome.status = 1 if promises.broken(parts) else 0
        if sys.stdout.isatty() and os.environ.get("DEMO_EXIT", "") in {"", "0"}:
            _count(screen.console, parts)
            await _keep_serving(up, admin, screen.console)
    _count(screen.console, parts)


async def _told(stage: Stage, person: Person) -> list[Json]:
    """All that happened to somebody; nothing where their part broke off before they came in."""
    try:
        return await stage.api.timeline(person.email)
    except Unheld:
        return []


def _count(console: Console, parts: Sequence[Promises]) -> None:
    console.print(Text(f"\n{promises.last_line(parts)}", style="bold"), soft_wrap=True)


@asynccontextmanager
async def _stage(up: Running, secrets: Secrets, screen: Screen) -> AsyncIterator[tuple[Stage, str]]:
    """Everything that the parts work with, and how to look around afterwards (sign-in and key)."""
    db = Database(up.database_url, pool_size=4)
    password = new_secret()[:16]
    async with httpx.AsyncClient(base_url=up.api_url, timeout=TIMEOUT_S, trust_env=False) as http:
        try:
            clock = await eventually(lambda: _clock(db), "the worker's first words")
            async with db.transaction() as tx:
                keys = {name: await create_key(tx, "marketer", name) for name in (NADIA, TOM)}
                shop = await create_key(tx, "marketer", "the shop")
                shown = await create_key(tx, "admin", "demo")
                await create_user(tx, ADMIN, "admin", password, "Demo")
            senders = Senders(http, replace(secrets, events_key=shop))
            stage = Stage(up, senders, Api(http, keys), Witness(db), Calendar(clock), screen)
            await eventually(lambda: _ready(http), "the API to be ready")
            await _ours(http, shown)
            yield stage, f"Sign in      {ADMIN}  {password}\nAPI key      {shown}"
        finally:
            await db.aclose()


async def _clock(db: Database) -> Clock | None:
    async with db.transaction() as tx:
        return await instance.clock(tx)


async def _ready(http: httpx.AsyncClient) -> bool:
    return (await http.get("/readyz")).is_success


async def _ours(http: httpx.AsyncClient, key: str) -> None:
    """Raise CannotStart where the API on our port is another one's, which took the port while ours was starting."""
    answer = await http.get("/v1/counters", headers={"authorization": f"Bearer {key}"})
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        message = f"Somebody else began to use {http.base_url} while the demo was starting: start the demo again."
        raise CannotStart(message)


async def _story(stage: Stage, screen: Screen) -> list[Promises]:
    """Play all parts side by side but the one that repeats everything after them; then look at everything."""
    optout = OptOut()
    together: list[Part] = [
        Leads(), Booked(), Purchases(), Carts(), Approval(), optout, Changed(), Webinars(), Renewals(), Campaigns()
    ]  # fmt: skip
    await _warmed(stage)
    async with screen.story(stage.calendar):
        stage.start = datetime.now(UTC)
        lost = await asyncio.gather(*(_played(part, stage) for part in together))
        twice = Twice([optout.url] if hasattr(optout, "url") else [])
        lost.append(await _played(twice, stage))
        # At the end: to have a book written about keeps the machine busy, and the others' days are short.
        launched = Launched()
        lost.append(await _played(launched, stage))
    played = sorted(zip([*together, twice, launched], lost, strict=True), key=lambda pair: _number(pair[0]))
    return [await _checked(part, stage, why) for part, why in played]


def _number(part: Part) -> int:
    return int(part.title.partition(" ")[0])


async def _warmed(stage: Stage) -> None:
    """One order before the clock matters: the first mail of a fresh worker takes as long as days of the story."""
    zoe = stage.person("Zoe", "buys the book before the story begins")
    stage.say("Zoe buys the book, while everything is still warming up")
    await buy(stage, zoe, BOOK)
    await stage.ended(zoe, RECEIPT)


async def _played(part: Part, stage: Stage) -> str:
    """Why a part could not be played to its end; empty where it was."""
    why = ""
    try:
        await part.play(stage)
    except (Unheld, NotTaken) as error:
        why = str(error)
    except Exception as error:  # noqa: BLE001 - one part's trouble is named at the end, and spoils no other part
        why = f"{type(error).__name__}: {error}"
    if why:
        stage.say(f"Part {part.title} breaks off: {why}")
    return why


async def _checked(part: Part, stage: Stage, why: str) -> Promises:
    kept = Promises(part.title)
    if why:
        kept.add("This part can be played to its end", held=False, found=why)
    try:
        await part.check(stage, kept)
    except Exception as error:  # noqa: BLE001 - what is missing makes a check fail in any way, and is a broken promise
        kept.add("What this part left behind can be looked at", held=False, found=f"{type(error).__name__}: {error}")
    return kept


async def _keep_serving(up: Running, admin: str, console: Console) -> None:
    """Leave everything running for a look around, until Ctrl-C."""
    lines: Sequence[str] = [*addresses(up), *admin.split("\n")]
    console.rule("Have a look around; Ctrl-C stops everything")
    for line in lines:
        console.print(Text(line), soft_wrap=True)
    await asyncio.Event().wait()
