"""Sequences from a book, one function a kind: the house's plain words around the book's own sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from domain.briefs import Brief
from providers.llm.books import keeping, selling
from providers.llm.facts import Wish

_KINDS: Final[Mapping[str, Callable[[Brief, Wish], list[dict[str, str]]]]] = MappingProxyType(
    {
        "welcome": selling.welcome,
        "education": keeping.education,
        "launch": selling.launch,
        "cart": selling.cart,
        "post_purchase": keeping.post_purchase,
        "reengagement": keeping.reengagement,
        "upsell": keeping.upsell,
        "webinar": keeping.webinar,
    }
)


def _draft(kind: str) -> Callable[[Brief, Wish], dict[str, Any]]:
    def draft(brief: Brief, wish: Wish) -> dict[str, Any]:
        return {"mails": _KINDS[kind](brief, wish)}

    return draft


# When and to whom they go is the house's plan, which the shape that is asked for holds already.
SEQUENCE_DRAFTS: Final = MappingProxyType({f"sequence_{kind}": _draft(kind) for kind in _KINDS})
