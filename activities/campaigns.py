"""`campaign.work`: a run begins when its time has come, and its people get their mails, some hundred at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from temporalio import activity

from activities.messages import CALL_LIMIT_S, OUTAGE_WAIT, OUTAGES, RECORD_LIMIT_S
from domain import names
from domain.clock import Clock
from domain.errors import Invalid, NotDurable, ProviderError
from domain.marketing import Marketing
from providers.campaign_mail import CampaignComposer
from providers.protocols import Mail, MailProvider
from store import campaigns
from store.base import now
from store.campaign_ledger import LANE, CampaignLedger, Chunk, Ready
from store.campaign_record import Outcome, Refusal, settle
from store.campaign_runs import begin, settle_campaign
from store.campaigns import OVER, CampaignRun
from store.db import Database
from store.mail_words import filled
from workflows.campaign import WorkRequest, WorkResult

SLICE_S = 600.0
# While one lane writes down, the other one calls.
LANES = 2
AT_ONCE = 8
# A chunk takes about half a second: a person who unsubscribes waits for it to end.
CHUNK_S = 0.5
# Where the provider knows no keys, all that a dead worker had marked is doubtful: the fewer the better.
FIRST_CHUNK, LARGEST_CHUNK, LARGEST_WITHOUT_KEYS = 20, 200, 50
# Waits up to this length are waited here; longer ones by the workflow's timer.
SHORT = timedelta(seconds=60)
LOOK_S = 1.0
OUTAGE_PAUSE_S = 1.0
log = structlog.get_logger("activities.campaigns")


@dataclass(slots=True)
class _Pace:
    """How many mails make a chunk, by how fast the last ones went. `ending`: one lane failed, so the other ends too."""

    largest: int
    chunk: int = FIRST_CHUNK
    ending: bool = False

    @contextmanager
    def ends_with_an_error(self) -> Iterator[None]:
        """Neither lane begins another chunk after one that failed."""
        done = False
        try:
            yield
            done = True
        finally:
            self.ending = self.ending or not done

    def learn(self, calls: int, took_s: float) -> None:
        fitting = int(calls * CHUNK_S / max(took_s, 0.001))
        self.chunk = max(1, min(self.largest, fitting, self.chunk * 2))


class CampaignActivities:
    """Sends through the marketing lane's provider."""

    def __init__(
        self, db: Database, clock: Clock, marketing: Marketing, composer: CampaignComposer, provider: MailProvider
    ) -> None:
        self._db, self._clock, self._marketing = db, clock, marketing
        self._composer, self._provider = composer, provider
        self._ledger = CampaignLedger(db, marketing, clock, provider.name, provider.key_lifetime)
        self._written: set[UUID] = set()

    @activity.defn(name=names.CAMPAIGN)
    async def work(self, request: WorkRequest) -> WorkResult:
        """Send for some minutes, or say what the run waits for."""
        answer = await self._begun(request.run_id) or await self._lanes(request.run_id)
        if answer.status == "over":
            async with self._db.transaction() as tx:
                await settle_campaign(tx, (await campaigns.run_of(tx, request.run_id)).campaign_id)
        return answer

    async def _lanes(self, run_id: UUID) -> WorkResult:
        until_s = asyncio.get_running_loop().time() + SLICE_S
        pace = _Pace(LARGEST_CHUNK if self._provider.key_lifetime else LARGEST_WITHOUT_KEYS)
        # Each lane comes to its end: what it has in its hands is written down, whatever became of the other one.
        ends = await asyncio.gather(*(self._lane(run_id, pace, until_s) for _ in range(LANES)), return_exceptions=True)
        results: list[WorkResult] = []
        for end in ends:
            if isinstance(end, BaseException):
                raise end
            results.append(end)
        return min(results, key=lambda one: ("over", "held", "again", "wait").index(one.status))

    async def _begun(self, run_id: UUID) -> WorkResult | None:
        """Begin it where its time has come; None where there is something to send."""
        async with self._db.transaction() as tx:
            row, run = await campaigns.both(tx, run_id)
            until = None
            if run.state == "scheduled":
                until = await begin(tx, row, run, self._clock, self._marketing)
            if run.state == "running" and not self._can_be_written(run):
                run.state, run.reason = "paused", "template_wrong"
            await tx.flush()
        return None if run.state == "running" else _standing(run.state, run.revision, until)

    def _can_be_written(self, run: CampaignRun) -> bool:
        if run.id in self._written:
            return True
        try:
            self._composer.check(run.content)
        except Invalid:
            log.warning("campaign_cannot_be_written", run=str(run.id))
            return False
        self._written.add(run.id)
        return True

    async def _lane(self, run_id: UUID, pace: _Pace, until_s: float) -> WorkResult:
        """Chunk after chunk, until there is nothing to do for a while or the time is over."""
        loop = asyncio.get_running_loop()
        chunk = Chunk("running", 0)
        while loop.time() < until_s and not pace.ending and not activity.is_worker_shutdown():
            activity.heartbeat()
            try:
                chunk = await self._ledger.claim(run_id, pace.chunk, self._composer)
            except NotDurable:
                await asyncio.sleep(OUTAGE_PAUSE_S)
                continue
            if chunk.ready:
                begun_s = loop.time()
                with pace.ends_with_an_error():
                    await self._carry(run_id, chunk)
                pace.learn(len(chunk.ready), loop.time() - begun_s)
            elif chunk.state != "running":
                return _standing(chunk.state, chunk.revision)
            elif not chunk.handled and chunk.until is not None:
                wait = chunk.until - now()
                if wait > SHORT:
                    return _standing("running", chunk.revision, chunk.until)
                await asyncio.sleep(max(min(wait.total_seconds(), LOOK_S), 0))
        return WorkResult(status="again", state=chunk.state, revision=chunk.revision)

    async def _carry(self, run_id: UUID, chunk: Chunk) -> None:
        """Call for each, and write down what became of them, through a short absence of the database too."""
        outcome = await self._calls(chunk)
        deadline_s = asyncio.get_running_loop().time() + RECORD_LIMIT_S
        while True:
            try:
                await settle(self._db, self._clock, run_id, outcome, self._marketing.limits.retries)
            except NotDurable:
                if asyncio.get_running_loop().time() > deadline_s:
                    raise
                await asyncio.sleep(0.2)
            else:
                return

    async def _calls(self, chunk: Chunk) -> Outcome:
        outcome, waiting = Outcome(), list(reversed(chunk.ready))
        assert chunk.calling_until is not None
        # The last call must begin early enough to end within the lease.
        last = chunk.calling_until - timedelta(seconds=CALL_LIMIT_S)

        async def caller() -> None:
            while waiting:
                ready = waiting.pop()
                if outcome.outage or now() > last:
                    outcome.not_called.append(ready.id)
                else:
                    await self._call(ready, outcome)

        await asyncio.gather(*(caller() for _ in range(min(AT_ONCE, len(waiting)))))
        return outcome

    async def _call(self, ready: Ready, outcome: Outcome) -> None:
        try:
            async with asyncio.timeout(CALL_LIMIT_S):
                accepted = await self._provider.send(_mail(ready))
        except TimeoutError:
            outcome.doubtful.append(ready.id)
        except ProviderError as error:
            self._not_taken(ready, error, outcome)
        else:
            outcome.taken[ready.id] = accepted.provider_message_id

    def _not_taken(self, ready: Ready, error: ProviderError, outcome: Outcome) -> None:
        """An outage ends the chunk and is waited out; anything else is about this one message."""
        if error.code in OUTAGES:
            outcome.outage = error.code
            outcome.resume_at = now() + (error.retry_after or (OUTAGE_WAIT if error.permanent else SHORT / 12))
        if not error.refused:
            outcome.doubtful.append(ready.id)
        elif error.code in OUTAGES:
            outcome.not_called.append(ready.id)
        else:
            outcome.refused.append(Refusal(ready.id, error.code, final=error.final, counts=True))


def _standing(state: str, revision: int, until: datetime | None = None) -> WorkResult:
    if state in OVER:
        return WorkResult(status="over", state=state, revision=revision)
    return WorkResult(status="wait" if until else "held", state=state, revision=revision, until=until)


def _mail(ready: Ready) -> Mail:
    """The frozen bytes as a provider takes them."""
    words = filled(ready.words, ready.fields)
    return Mail(
        key=str(ready.id),
        sender=words.sender,
        to=ready.recipient,
        subject=words.subject,
        text=words.text,
        html=words.html,
        lane=LANE,
        reply_to=words.reply_to or None,
        headers=words.headers,
    )
