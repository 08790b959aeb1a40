"""What is known when the words of one message are looked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import Clock
from domain.marketing import Marketing
from domain.sequences import Sequence, Step
from store.contacts import Contact
from store.journeys import Journey

Context = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One step of one journey, under its contact's lock."""

    tx: AsyncSession
    marketing: Marketing
    clock: Clock
    journey: Journey
    definition: Sequence
    step: Step
    contact: Contact


Fill = Callable[[Asked, Context], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that mails speak of.

    `fill` puts plain values into the context and may answer with the reason for which there is nothing to
    send. It runs for sequences of which `of` holds; where `words` are given, only for templates that speak
    one of them, so that no mail pays for what it does not show.
    """

    fill: Fill
    of: Callable[[Sequence], bool] = lambda _sequence: True
    words: frozenset[str] = frozenset()
