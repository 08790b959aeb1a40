"""The embedded place for posts: a table that the dashboard shows, beside the mails of the outbox."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert

from domain.errors import NotDurable, ProviderError
from store.db import Database
from store.local import Post


class LocalSocial:
    """Keeps each post once per key, whatever is handed in under the same key again."""

    name = "local"

    def __init__(self, db: Database) -> None:
        self._db = db

    async def publish(self, channel: str, texts: Sequence[str], key: str) -> str:
        """Publish `texts` in order (a thread has several); the key is the post's id."""
        post = Post(key=key, channel=channel, texts=list(texts))
        try:
            async with self._db.transaction() as tx:
                await tx.execute(insert(Post).values(post.model_dump()).on_conflict_do_nothing())
        except NotDurable as error:
            raise ProviderError("unreachable", refused=False) from error
        return key

    async def aclose(self) -> None:
        """The database is its owner's to close."""
