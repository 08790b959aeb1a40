"""Offline drafts that are made of a whole book, by kind: the book's own sentences, selected and ordered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from domain.briefs import Brief
from domain.funnel_plan import PREFIX
from domain.funnels import STRATEGIES
from providers.llm.books import funnels, magnets, offers, quizzes
from providers.llm.books.sequences import SEQUENCE_DRAFTS
from providers.llm.books.strategies import STRATEGY_DRAFTS
from providers.llm.facts import Wish

BookDraft = Callable[[Brief, Wish], dict[str, Any]]

# One line a kind. A draft raises `Invalid` where the book or the configuration says too little for it.
BOOK_DRAFTS: Mapping[str, BookDraft] = MappingProxyType(
    {
        **{f"{PREFIX}{strategy}": funnels.draft_of(strategy) for strategy in STRATEGIES},
        "offer_bundle": offers.bundle,
        "offer_tiers": offers.tiers,
        "offer_limited": offers.limited,
        "offer_seasonal": offers.seasonal,
        **SEQUENCE_DRAFTS,
        **STRATEGY_DRAFTS,
        "free_chapter": magnets.free_chapter,
        "checklist": magnets.checklist,
        "mini_guide": magnets.mini_guide,
        "quiz": quizzes.quiz,
        "worksheet": magnets.worksheet,
        "video_transcript": magnets.video_transcript,
    }
)
