"""`message.send`: decide, freeze, call, record; one mail of one journey."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.composing import Composer
from domain import names
from domain.errors import OURS_TO_MEND, NotDurable, ProviderError
from providers.protocols import Attachment, Mail, MailProvider
from store.ledger import Busy, Due, Ledger, Settled
from store.messages import Message
from workflows.journey import StepRequest, StepResult

# The whole call, below the ledger's lease (CALL_LEASE): past it nobody may assume that it still runs.
CALL_LIMIT_S = 10.0
RECORD_LIMIT_S = 4.0
# What is waited out, however long: the vendor is away or wants less at once, or our own key is wrong. All
# other refusals are about this message, and are counted.
OUTAGES = OURS_TO_MEND | {"unreachable", "unavailable", "rate_limited", "in_progress"}
OUTAGE_WAIT = timedelta(seconds=30)
# Temporal's timers may come a little early. The row holds such an attempt back, and this saves most of them.
MARGIN = timedelta(milliseconds=200)


class MessageActivities:
    """Sends through one provider per lane."""

    def __init__(self, ledger: Ledger, composer: Composer, providers: Mapping[str, MailProvider]) -> None:
        self._ledger, self._composer, self._providers = ledger, composer, providers

    @activity.defn(name=names.SEND)
    async def send(self, request: StepRequest) -> StepResult:
        """Send the step's mail once, or say why not. Raises for another attempt later."""
        due = Due(**request.model_dump())
        provider = self._providers[_lane()]
        claim = await self._ledger.claim(due, provider.name, provider.key_lifetime, self._composer.compose)
        if isinstance(claim, Settled):
            wait_s = claim.wait.total_seconds() if claim.wait else None
            return StepResult(status=claim.status, reason=claim.reason, until=claim.until, wait_s=wait_s)
        if isinstance(claim, Busy):
            raise _later("call_under_way", claim.wait)
        return await self._call(due, provider, claim.message)

    async def _call(self, due: Due, provider: MailProvider, message: Message) -> StepResult:
        try:
            accepted = await asyncio.wait_for(provider.send(mail_of(message)), CALL_LIMIT_S)
        except ProviderError as error:
            return await self._not_taken(due, message, error)
        except TimeoutError:
            silence = ProviderError("unreachable", "no answer in time", refused=False)
            return await self._not_taken(due, message, silence)
        await self._record(due, message, accepted.provider_message_id)
        return StepResult(status="sent")

    async def _record(self, due: Due, message: Message, provider_message_id: str) -> None:
        """Write down that it was taken, through a short absence of the database too."""
        deadline = asyncio.get_running_loop().time() + RECORD_LIMIT_S
        while True:
            try:
                await self._ledger.accepted(due, message.id, provider_message_id)
            except NotDurable:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.2)
            else:
                return

    async def _not_taken(self, due: Due, message: Message, error: ProviderError) -> StepResult:
        outage = error.code in OUTAGES
        if not error.refused:
            await self._ledger.doubtful(message.id)
            raise _later("no_answer", error.retry_after or timedelta(seconds=1))
        settled = await self._ledger.refused(
            due, message.id, error.code, final=error.final, counts=not outage, wait=error.retry_after
        )
        if settled is not None:
            return StepResult(status=settled.status, reason=settled.reason)
        raise _later(error.code, error.retry_after or (OUTAGE_WAIT if error.permanent else None))


def mail_of(message: Message) -> Mail:
    """The frozen bytes as a provider takes them."""
    return Mail(
        key=str(message.id),
        sender=message.sender,
        to=message.recipient,
        subject=message.subject,
        text=message.text,
        html=message.html,
        lane=message.lane,
        reply_to=message.reply_to or None,
        headers=message.headers,
        attachments=[
            Attachment(one["filename"], one["content_type"], base64.b64decode(one["content"]))
            for one in message.attachments
        ],
    )


def _lane() -> str:
    return "transactional" if activity.info().task_queue == names.TRANSACTIONAL_QUEUE else "marketing"


def _later(code: str, wait: timedelta | None) -> ApplicationError:
    """Another attempt by Temporal's own retry, after `wait` or its usual back-off."""
    return ApplicationError(code, type=code, next_retry_delay=wait + MARGIN if wait else None)
