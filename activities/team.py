"""Telling the team: its chats, and by mail whoever a notification names. None of it is approved by being opened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial

import structlog
from markupsafe import escape
from temporalio import activity

from domain import names
from domain.errors import ProviderError
from providers.protocols import Chat, Mail, MailProvider
from store import team_notices
from store.db import Database
from store.local import Notification
from workflows.team_notice import TeamNoticeInput

# Who is away is asked again this often; the notification is in the dashboard from the first time on.
ATTEMPTS = 6
log = structlog.get_logger("activities.team")


class Team:
    """The `chats` and the transactional `mail` of the team, from the address `sender`.

    Its mails are no messages to a contact: they are in no ledger, and wait for no window.
    """

    def __init__(self, db: Database, chats: Sequence[Chat], mail: MailProvider, sender: str) -> None:
        self._db, self._chats, self._mail, self._sender = db, chats, mail, sender

    @activity.defn(name=names.TEAM_TELL)
    async def carry(self, request: TeamNoticeInput) -> None:
        """Tell what the row says. Raises ProviderError while somebody is away, and then gives up."""
        async with self._db.transaction() as tx:
            notification = await tx.get(Notification, request.notification_id)
        if notification is not None:
            await self.tell(notification, activity.info().attempt)

    async def tell(self, what: Notification, attempt: int) -> None:
        """Tell everybody who was not told yet. Raises ProviderError for another attempt, until the last one."""
        away = [error for whom, call in self._all(what) if (error := await self._tell(what, whom, call)) is not None]
        if away and attempt < ATTEMPTS:
            raise away[0]

    def _all(self, what: Notification) -> Iterator[tuple[str, Callable[[], Awaitable[object]]]]:
        for chat in self._chats:
            yield chat.name, partial(chat.notify, what.title, what.text, what.url, urgent=what.urgent)
        for address in what.mail_to:
            yield address, partial(self._mail.send, mail_of(what, address, self._sender))

    async def _tell(self, what: Notification, whom: str, call: Callable[[], Awaitable[object]]) -> ProviderError | None:
        """Tell one, unless they know. A refusal for good is logged; what may be helped by waiting is returned."""
        if whom in what.told:
            return None
        try:
            await call()
        except ProviderError as error:
            log.warning("team_not_told", by="mail" if "@" in whom else whom, code=error.code, final=error.final)
            return None if error.final else error
        async with self._db.transaction() as tx:
            await team_notices.told(tx, what, whom)
        return None


def mail_of(what: Notification, address: str, sender: str) -> Mail:
    """The notification as a mail; its link leads to a page on which a person decides."""
    words = [escape(part) for part in (what.title, what.text)]
    link = escape(what.url)
    head = "Urgent: " if what.urgent else ""
    return Mail(
        key=str(names.derived("team", what.id, address)),
        sender=sender,
        to=address,
        subject=" ".join(f"{head}{what.title}".split()),
        text=f"{what.title}\n\n{what.text}\n\n{what.url}\n",
        html=f'<p><b>{words[0]}</b></p><p>{words[1]}</p><p><a href="{link}">{link}</a></p>',
        lane="transactional",
        headers={"Auto-Submitted": "auto-generated"},
    )
