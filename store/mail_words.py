"""Words that many mails share: kept once, with marks where one mail differs from the next.

A mail's exact words are the shared ones with each mark replaced by this mail's own text. Both are frozen before the
first call, so that every later attempt sends the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from store.campaigns import MailWords
from store.messages import Message

MAX_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says, whole or with marks in it."""

    sender: str
    reply_to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]


def digest_of(words: Words) -> str:
    """SHA-256 (hex) of all of it."""
    parts = [words.sender, words.reply_to, words.subject, words.text, words.html, dict(words.headers)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Shared:
    """Words with their digest, which is worked out once for all mails that share them."""

    words: Words
    digest: str

    @classmethod
    def of(cls, words: Words) -> Shared:
        """With the digest of these words."""
        return cls(words, digest_of(words))


# What stands for a mark: in a text, and in HTML, where a stranger's characters are escaped.
Fields = Mapping[str, tuple[str, str]]


def put(text: str, fields: Mapping[str, Any], *, escaped: bool = False) -> str:
    """A text with this mail's own in the place of each mark."""
    for mark, (plain, html) in fields.items():
        text = text.replace(mark, html if escaped else plain)
    return text


def subject_of(words: Words, fields: Mapping[str, Any]) -> str:
    """The subject of one mail, on one line and no longer than one is."""
    return " ".join(put(words.subject, fields).split())[:MAX_SUBJECT]


def filled(words: Words, fields: Mapping[str, Any]) -> Words:
    """The words of one mail."""
    return Words(
        words.sender,
        words.reply_to,
        subject_of(words, fields),
        put(words.text, fields),
        put(words.html, fields, escaped=True),
        {name: put(value, fields) for name, value in words.headers.items()},
    )


async def keep(tx: AsyncSession, several: Iterable[Shared]) -> None:
    """Store those that are not stored yet."""
    for shared in several:
        one = shared.words
        row = insert(MailWords).values(
            digest=shared.digest, sender=one.sender, reply_to=one.reply_to, subject=one.subject, text=one.text,
            html=one.html, headers=dict(one.headers),
        )  # fmt: skip
        await tx.execute(row.on_conflict_do_nothing())


async def stored(tx: AsyncSession, digest: str) -> Words:
    """Stored words. Raises NoResultFound."""
    row = await tx.get_one(MailWords, digest)
    return Words(row.sender, row.reply_to, row.subject, row.text, row.html, row.headers)


async def words_of(tx: AsyncSession, message: Message) -> Words:
    """What a message says, whether it has words of its own or shares them."""
    if message.words is None:
        return Words(
            message.sender, message.reply_to, message.subject, message.text, message.html, dict(message.headers)
        )
    return filled(await stored(tx, message.words), message.fields)
