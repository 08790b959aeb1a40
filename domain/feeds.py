"""Feeds of a CMS: which are read, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.schedule import Delay
from domain.sequences import DelayText


class Feed(BaseModel):
    """An RSS or Atom feed. What is in it when it is read for the first time is taken down and starts nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    feed: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    url: str = Field(pattern=r"^https?://[^\s]+$", max_length=2000)
    every: DelayText = Delay(seconds=900)


@dataclass(frozen=True, slots=True)
class Entry:
    """One article. `id` is the feed's own, else its link."""

    id: str
    title: str
    url: str
    body: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a feed says now; `entries` is None where it has not changed."""

    entries: list[Entry] | None
    etag: str
    modified: str
