"""A campaign to everybody into a local SMTP sink, beside the same mails made before into the same sink."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlmodel import col

from bench.ground import Ground, Scale, ground
from bench.mail import CONNECTIONS, hand_over, listening
from bench.meters import actions, resident_mib
from bench.people import settle
from bench.table import Row, median
from domain.approval import Reviewer
from domain.campaigns import Campaign
from domain.content import CampaignWords
from domain.segments import Segment
from embedded.ports import LOOPBACK, free_port
from embedded.processes import Child
from embedded.progress import Say
from providers.mail.mime import to_bytes
from providers.protocols import Mail
from settings import SOURCE
from store import campaign_edit, campaign_runs, review_decisions, reviews
from store.bell import Bell
from store.campaigns import CampaignRow
from store.mail_words import words_of
from store.messages import Message
from store.segments import save

TITLE = "A campaign into a local SMTP sink"
ABOUT = (
    "A newsletter goes to everybody with a tag: approved, dispatched and sent by one worker through Temporal, with a "
    "row of the ledger for each person, decided under that person's lock, and written down after the call. First to a "
    "tenth of the people, then to all, so that memory can be compared. *Made before*: bytes of the very mails that the "
    "campaign sent, handed to the same sink by the same client library over as many connections, before and after. The "
    "sink is a process of its own (aiosmtpd) that keeps nothing. Actions are the server's own counter, with all "
    "heartbeats added that can have been sent."
)
SIZE = 100_000
BEFORE = 4_000
MOST_ACTIONS, LEAST_RATIO, MOST_GROWTH_MIB = 0.01, 0.8, 20.0
HEARTBEAT_S = 24.0  # the SDK sends one in 0.8 of the heartbeat timeout at most
TOOK = "SELECT extract(epoch FROM finished_at - started_at) FROM campaign_runs WHERE id = :run"
BODY = (SOURCE / "config" / "emails" / "education_1" / "body.mjml").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Sent:
    """What one campaign came to."""

    mails: int
    took_s: float
    actions: float
    rss_mib: float
    run: UUID

    @property
    def rate(self) -> float:
        """Mails a second."""
        return self.mails / self.took_s


async def measure(scale: Scale, say: Say) -> list[Row]:
    """A tenth, and all."""
    size, port = scale.size or scale.of(SIZE), free_port()
    sink_to = {"mail_provider": "smtp", "smtp_host": LOOPBACK, "smtp_port": port, "smtp_tls": "none"}
    async with ground(say, api=False, more=sink_to) as found:
        sink = Child.start(
            "sink", [sys.executable, "-m", "bench.sink", str(port)], logs=found.up.settings.data_dir / "logs",
            environment={}, folder=SOURCE,
        )  # fmt: skip
        try:
            await listening(port)
            await settle(found, size // 10, "few")
            await settle(found, size, "many")
            few = await _send(found, say, "few", size // 10)
            before = [await _before(found, few.run, port)]
            many = await _send(found, say, "many", size)
            before.append(await _before(found, many.run, port))
        finally:
            await sink.stop()
    return _rows(few, many, before)


def _rows(few: Sent, many: Sent, before: list[float]) -> list[Row]:
    rate = median(before)
    noted = ", ".join(f"{one:.0f}" for one in before)
    return [
        Row(f"mails a second: a campaign to {many.mails:,}", many.rate, "", note=f"{many.took_s:.0f} s"),
        Row("mails a second: made before", rate, "", note=noted),
        Row("ratio", many.rate / rate, "", LEAST_RATIO, "at least", digits=2),
        Row("Temporal actions per mail", many.actions / many.mails, "", MOST_ACTIONS, digits=5,
            note=f"{many.actions:.0f} actions, heartbeats included"),
        Row(f"worker memory: growth from {few.mails:,} to {many.mails:,} people", many.rss_mib - few.rss_mib, "MiB",
            MOST_GROWTH_MIB, note=f"at most {few.rss_mib:.0f} and {many.rss_mib:.0f} MiB"),
    ]  # fmt: skip


async def _send(found: Ground, say: Say, tag: str, size: int) -> Sent:
    """One campaign from its approval to its last mail."""
    begun = await actions(found.http, found.up.temporal_metrics_url or "")
    run_id = await _launch(found, tag)
    done = f"SELECT count(*) FROM campaign_runs WHERE id = '{run_id}' AND state = 'done'"
    peak = 0.0
    begun_s = time.monotonic()
    while not await found.count(done):
        peak = max(peak, resident_mib(found.pid("worker-1")))
        await asyncio.sleep(1.0)
    took = await found.rows(
        f"SELECT extract(epoch FROM finished_at - started_at) FROM campaign_runs WHERE id = '{run_id}'"
    )
    sent = await found.count(f"SELECT count(*) FROM messages WHERE run_id = '{run_id}' AND state = 'sent'")
    ended = await actions(found.http, found.up.temporal_metrics_url or "")
    if sent != size:
        message = f"{sent} of {size} were sent"
        raise ValueError(message)
    beats = (time.monotonic() - begun_s) / HEARTBEAT_S
    took_s = float(str(took[0][0]))
    say(f"{size:,} mails in {took_s:.0f} s: {size / took_s:.0f} a second")
    return Sent(size, took_s, sum((ended - begun).values()) + beats, peak, run_id)


async def _launch(found: Ground, tag: str) -> UUID:
    """Written, planned and approved, as people do it."""
    words = CampaignWords(subject="News for {{ contact.first_name }}", preheader="Once a month", body=BODY)
    campaign = Campaign(name=f"Bench {tag} {uuid4().hex[:6]}", segment=tag, words=words, per_hour=10_000_000)
    segment = Segment.model_validate({"segment": tag, "name": tag, "filter": {"kind": "tag", "tag": tag}})
    async with found.db.transaction() as tx:
        await save(tx, segment, "bench")
        row = await campaign_edit.create(tx, campaign, "bench")
        run = await campaign_edit.plan(tx, row.id, "bench", found.clock, found.marketing)
    async with found.db.transaction() as tx:
        row = await tx.get_one(CampaignRow, row.id)
        assert row.review_id is not None
        await review_decisions.approve(tx, row.review_id, Reviewer("bench", "bench"))
        await campaign_runs.accept(tx, await reviews.get(tx, row.review_id))
    bell = Bell(found.db)
    bell.start()
    bell.ring()
    await asyncio.sleep(0.1)
    await bell.aclose()
    return run.id


async def _before(found: Ground, run_id: UUID, port: int) -> float:
    """Mails a second where all that is left to do is to hand them over."""
    mails = await _made(found, run_id)
    made = [(mail, to_bytes(mail, date=datetime.now(UTC))) for mail in mails]
    begun_s = time.perf_counter()
    await asyncio.gather(*(hand_over(made[number::CONNECTIONS], port) for number in range(CONNECTIONS)))
    return len(made) / (time.perf_counter() - begun_s)


async def _made(found: Ground, run_id: UUID) -> list[Mail]:
    """Some of what the campaign sent, word for word."""
    async with found.db.transaction() as tx:
        rows = (await tx.execute(select(Message).where(col(Message.run_id) == run_id).limit(BEFORE))).scalars().all()
        sent = [(row, await words_of(tx, row)) for row in rows]
    blank = Mail(key="", sender="", to="", subject="", text="", html="", lane="marketing")
    return [
        replace(
            blank, key=str(row.id), sender=words.sender, to=row.recipient, subject=words.subject, text=words.text,
            html=words.html, reply_to=words.reply_to, headers=words.headers,
        )
        for row, words in sent
    ]  # fmt: skip
