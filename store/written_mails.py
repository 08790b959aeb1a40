"""The mails of written sequences and challenges, where the composer finds them, and what makes such a sequence live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain import challenges
from domain.funnels import Funnel
from domain.mail_words import MailWords
from domain.marketing import Marketing
from domain.sequence_plans import key_of
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
        self._read: dict[tuple[str, str], dict[str, WrittenMail]] = {}
        self._live: list[tuple[str, str]] = []
        self._found: dict[str, WrittenMail] = {}

    async def all(self, tx: AsyncSession) -> Mapping[str, WrittenMail]:
        """By the names of their templates."""
        live = [(slug, digest) for slug, digest in (await tx.execute(_LIVE)).all()]
        if live == self._live:
            return self._found
        if new := [slug for slug, mark in live if (slug, mark) not in self._read]:
            rows = (await tx.execute(select(Publication).where(col(Publication.slug).in_(new)))).scalars()
            self._read |= {(row.slug, row.digest): _mails(row) for row in rows}
        self._live = live
        self._found = {name: mail for one in live for name, mail in self._read.get(one, {}).items()}
        return self._found

    async def of(self, tx: AsyncSession, name: str) -> WrittenMail | None:
        """The mail of that template, where there is one."""
        return (await self.all(tx)).get(name)


_LIVE = (
    select(Publication.slug, Publication.digest)
    .where(
        or_(col(Publication.channel) == CHANNEL, col(Publication.kind) == challenges.KIND),
        col(Publication.live_at).is_not(None),
    )
    .order_by(col(Publication.published_at), col(Publication.slug))
)


def _mails(row: Publication) -> dict[str, WrittenMail]:
    if row.kind == challenges.KIND:
        named, why = challenges.mails(Funnel.model_validate(row.body), row.slug), challenges.WHY
    else:
        whole = WrittenSequence.model_validate(row.body)
        named, why = whole.named, whole.why
    return {name: WrittenMail(name, words, why, row.digest) for name, words in named.items()}


def sequence_of(kind: str, slug: str, body: Mapping[str, object], marketing: Marketing) -> WrittenSequence | None:
    """What words of that kind send to people; None for what sends nothing. Raises ValueError for words of no shape."""
    if kind == challenges.KIND:
        return challenges.written(Funnel.model_validate(body), slug, marketing)
    return WrittenSequence.model_validate(body) if kind.startswith(f"{CHANNEL}_") else None


async def go_live(tx: AsyncSession, publication: Publication, _asset: Asset, marketing: Marketing) -> None:
    """Take people in from now on, by the approved definition; who is in an earlier version of it keeps that one.

    Raises Conflict while people are still being moved to a version that somebody published by hand.
    """
    whole = sequence_of(publication.kind, publication.slug, publication.body, marketing)
    if whole is None:
        return
    definition = whole.sequence
    row = await tx.get(SequenceRow, definition.sequence, populate_existing=True)
    if row is not None and await version_digest(tx, definition.sequence, row.live_version) == digest(definition):
        row.state = LIVE  # other words, and the same plan
        return
    review = await reviews.get(tx, publication.asset_id)
    await changes.publish(tx, definition, "keep", review.decided_by or "perennial")


async def retire(tx: AsyncSession, publication: Publication, _by: str) -> None:
    """It takes nobody in from now on, and what it stood in for does again; who is in it goes on."""
    if publication.channel == CHANNEL:
        key = WrittenSequence.model_validate(publication.body).sequence.sequence
    elif publication.kind == challenges.KIND:
        key = key_of(challenges.NAME, publication.slug)
    else:
        return
    row = await tx.get_one(SequenceRow, key, populate_existing=True)
    row.state = RETIRED
