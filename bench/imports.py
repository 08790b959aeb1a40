"""People from a file, each enrolled, beside bare workflows that are started on the same server."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from bench import bare
from bench.ground import Ground, Scale, TooSlow, ground
from bench.journeys import PROGRAMS, bare_worker
from bench.meters import TIMER, actions, counted
from bench.table import Row
from embedded.progress import Say
from store import imports
from store.bell import Bell

TITLE = "People imported and enrolled"
ABOUT = (
    "A file of people whom nobody knew is imported, and each of them begins a sequence whose first mail is due in a "
    "month. *Imported* is from the click to the last row of the file; *enrolled* from the click until all of them "
    "wait: contact, identity, event and journey written and routed, the workflow started, its timer armed. *Bare* is a "
    "workflow that arms one timer, started by a client, forty calls at a time, with a worker process of its own; a "
    "fifth as many, half of them before and half after, until all of them wait. Timers are the server's own counter, "
    "published once a second. Everything, Temporal included, shares the machine's cores."
)
PEOPLE, AT_ONCE = 10_000, 40
PATIENCE_S = 540.0
LOOK_S = 1.0
PIECE = 1_000_000
SEQUENCE = """\
sequence: bench
name: Bench
entry: {event: contact_imported}
steps:
  - {email: demo_nurture_1, at: 30d}
"""


async def measure(scale: Scale, say: Say) -> list[Row]:
    """Half of the bare ones, the import, the other half."""
    count = scale.size or scale.of(PEOPLE)
    few = max(count // 10, 50)
    async with ground(say, api=False, programs=PROGRAMS, sequence=SEQUENCE) as found, bare_worker(found):
        await _bare(found, 20)  # the first of everything takes longer
        await _imported(found, 20)
        before_s = await _bare(found, few)
        say(f"{few:,} bare workflows wait after {before_s:.0f} s")
        begun = await actions(found.http, found.up.temporal_metrics_url or "")
        rows_s, all_s = await _imported(found, count)
        spent = sum((await actions(found.http, found.up.temporal_metrics_url or "") - begun).values())
        say(f"{count:,} people imported after {rows_s:.0f} s and enrolled after {all_s:.0f} s")
        after_s = await _bare(found, few)
    rate, bare_rate = count / all_s, 2 * few / (before_s + after_s)
    halves = f"{few / before_s:.0f} before, {few / after_s:.0f} after"
    return [
        Row(f"contacts a second: imported, {count:,} in all", count / rows_s, "", note=f"{rows_s:.0f} s"),
        Row("contacts a second: imported and enrolled", rate, "", note=f"{all_s:.0f} s, until all of them wait"),
        Row("bare workflows a second: started", bare_rate, "", note=halves),
        Row("ratio to bare", rate / bare_rate, "", digits=2),
        Row("Temporal actions per contact", spent / count, "", digits=2, note="a start and a timer"),
    ]  # fmt: skip


async def _bare(found: Ground, count: int) -> float:
    """The seconds until so many bare workflows wait for their timer."""
    far, room = (datetime.now(UTC) + timedelta(days=30)).isoformat(), asyncio.Semaphore(AT_ONCE)

    async def start() -> None:
        async with room:
            await found.client.start_workflow("Bare", [far], id=f"bare/{uuid4()}", task_queue=bare.QUEUE)

    wanted, begun_s = await _timers(found) + count, time.perf_counter()
    await asyncio.gather(*(start() for _ in range(count)))
    await _waiting(found, wanted)
    return time.perf_counter() - begun_s


async def _imported(found: Ground, count: int) -> tuple[float, float]:
    """The seconds until so many people are in, and until all of them wait for their first mail."""
    import_id = await _checked(found, count)
    wanted, begun_s = await _timers(found) + count, time.perf_counter()
    async with found.db.transaction() as tx:
        await imports.start(tx, import_id, "bench", enrol=True, tags=[], consent_wording="")
    await _ring(found)
    await found.until(_state(import_id, "done"), 1, within_s=PATIENCE_S, every_s=LOOK_S)
    rows_s = time.perf_counter() - begun_s
    await _waiting(found, wanted)
    return rows_s, time.perf_counter() - begun_s


async def _checked(found: Ground, count: int) -> UUID:
    """A file of so many people, uploaded in pieces and looked at."""
    word = uuid4().hex[:8]
    lines = ["email,first_name,company", *(f"p{n}-{word}@people.example,Ada,Company {n % 1000}" for n in range(count))]
    content = "\n".join(lines).encode()
    async with found.db.transaction() as tx:
        row = await imports.begin(tx, "people.csv", "bench")
        for no, at in enumerate(range(0, len(content), PIECE)):
            await imports.receive(tx, row.id, no, content[at : at + PIECE])
        await imports.check(tx, row.id, "bench")
    await _ring(found)
    await found.until(_state(row.id, "checked"), 1)
    return row.id


def _state(import_id: UUID, state: str) -> str:
    return f"SELECT count(*) FROM imports WHERE id = '{import_id}' AND state = '{state}'"


async def _ring(found: Ground) -> None:
    bell = Bell(found.db)
    bell.start()
    bell.ring()
    await asyncio.sleep(0.1)
    await bell.aclose()


async def _timers(found: Ground) -> int:
    return (await actions(found.http, found.up.temporal_metrics_url or ""))[TIMER]


async def _waiting(found: Ground, wanted: int) -> None:
    """Until so many timers were armed. Raises TooSlow."""
    deadline_s = time.perf_counter() + PATIENCE_S
    while (armed := (await counted(found.http, found.up.temporal_metrics_url or ""))[TIMER]) < wanted:
        if time.perf_counter() > deadline_s:
            message = f"after {PATIENCE_S:.0f} s only {armed} of {wanted} timers were armed"
            raise TooSlow(message)
        await asyncio.sleep(LOOK_S)
