"""The mails of written sequences, where the composer finds them, and what makes such a sequence live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.mail_words import MailWords
from domain.marketing import Marketing
from domain.written_sequences import WrittenSequence
from store import changes, reviews
from store.assets import Asset, Publication
from store.journeys import SequenceRow
from store.sequences import LIVE, RETIRED, digest, version_digest

CHANNEL = "sequence"


@dataclass(frozen=True, slots=True)
class WrittenMail:
    """One mail, by the name of its template. `digest` is of the whole sequence's words, as they were approved."""

    name: str
    words: MailWords
    why: str
    digest: str


class WrittenMails:
    """Every mail that is live, each sequence's read once a digest.

    What was taken back is found as well: whoever is in its sequence gets the words that were approved for them.
    """

    def __init__(self) -> None:
        self._read: dict[str, dict[str, WrittenMail]] = {}
        self._live: list[str] = []
        self._found: dict[str, WrittenMail] = {}

    async def all(self, tx: AsyncSession) -> Mapping[str, WrittenMail]:
        """By the names of their templates."""
        live = list((await tx.execute(_DIGESTS)).scalars())
        if live == self._live:
            return self._found
        if new := [one for one in live if one not in self._read]:
            rows = select(Publication.digest, Publication.body).where(
                col(Publication.channel) == CHANNEL, col(Publication.digest).in_(new)
            )
            self._read |= {mark: _mails(mark, body) for mark, body in (await tx.execute(rows)).all()}
        self._live = live
        self._found = {name: mail for one in live for name, mail in self._read.get(one, {}).items()}
        return self._found

    async def of(self, tx: AsyncSession, name: str) -> WrittenMail | None:
        """The mail of that template, where there is one."""
        return (await self.all(tx)).get(name)


_DIGESTS = (
    select(Publication.digest)
    .where(col(Publication.channel) == CHANNEL, col(Publication.live_at).is_not(None))
    .order_by(col(Publication.published_at), col(Publication.slug))
)


def _mails(mark: str, body: Mapping[str, object]) -> dict[str, WrittenMail]:
    whole = WrittenSequence.model_validate(body)
    return {name: WrittenMail(name, words, whole.why, mark) for name, words in whole.named.items()}


async def go_live(tx: AsyncSession, publication: Publication, _asset: Asset, _marketing: Marketing) -> None:
    """Take people in from now on, by the approved definition; who is in an earlier version of it keeps that one.

    Raises Conflict while people are still being moved to a version that somebody published by hand.
    """
    definition = WrittenSequence.model_validate(publication.body).sequence
    row = await tx.get(SequenceRow, definition.sequence, populate_existing=True)
    if row is not None and await version_digest(tx, definition.sequence, row.live_version) == digest(definition):
        row.state = LIVE  # other words, and the same plan
        return
    review = await reviews.get(tx, publication.asset_id)
    await changes.publish(tx, definition, "keep", review.decided_by or "perennial")


async def retire(tx: AsyncSession, publication: Publication, _by: str) -> None:
    """It takes nobody in from now on, and what it stood in for does again; who is in it goes on."""
    key = WrittenSequence.model_validate(publication.body).sequence.sequence
    row = await tx.get_one(SequenceRow, key, populate_existing=True)
    row.state = RETIRED
