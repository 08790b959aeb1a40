"""One look at everybody and everything whose time has come."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from temporalio import activity

from domain import names
from domain.clock import Clock
from domain.errors import ProviderError
from domain.marketing import Marketing
from providers.protocols import Chat
from store import engagement_sweep, reactions
from store import quiet as quiets
from store.db import Database
from store.local import Notification
from workflows.engagement_sweep import SweepRequest, SweepResult

log = structlog.get_logger("activities.engagement")


class EngagementActivities:
    """Each person under their own lock; a batch that is repeated finds nobody left to look at."""

    def __init__(
        self, db: Database, clock: Clock, marketing: Marketing, chats: Sequence[Chat], public_url: str
    ) -> None:
        self._db, self._clock, self._marketing = db, clock, marketing
        self._chats, self._public_url = chats, public_url

    @activity.defn(name=names.ENGAGEMENT)
    async def sweep(self, request: SweepRequest) -> SweepResult:
        """Look at so many at most, the longest due first."""
        rules = self._marketing
        fired = await engagement_sweep.react(self._db, rules.reactions, request.most)
        looked_at = await engagement_sweep.sweep(self._db, self._clock, rules.engagement, request.most)
        async with self._db.transaction() as tx:
            soonest = [await engagement_sweep.next_due(tx), await reactions.next_due(tx)]
            quiet = await quiets.tell(tx, self._clock, rules.expect)
        for told in quiet:
            for chat in self._chats:
                await self._tell(chat, told)
        next_at = min((one for one in soonest if one is not None), default=None)
        return SweepResult(looked_at=max(looked_at, fired), next_at=next_at)

    async def _tell(self, chat: Chat, what: Notification) -> None:
        """Tell one chat once; one that is away misses it, since the dashboard shows it from now on."""
        try:
            await chat.notify(what.title, what.text, f"{self._public_url}{what.url}", urgent=what.urgent)
        except ProviderError as error:
            log.warning("chat_not_told", chat=chat.name, code=error.code)
