"""Picking without a model: an allowed word where the material has it, and `unknown` for everything else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

_SIGNS: Mapping[str, Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "price_range": {
            "low": frozenset({"cheap", "cheaper", "affordable", "free"}),
            "high": frozenset({"enterprise", "department"}),
        },
        "format": {
            "training": frozenset({"course", "courses", "training", "trainings", "workshop"}),
            "digital": frozenset({"book", "ebook", "epub", "pdf"}),
        },
        "buying_stage": {
            "ready": frozenset({"buy", "order", "purchase", "quote", "invoice"}),
            "comparing": frozenset({"compare", "comparing", "versus", "alternative", "alternatives"}),
        },
    }
)


def profile(shape: type[BaseModel], source: Mapping[str, str]) -> dict[str, Any]:
    """Interests that the person's own words name, in the order of the configuration."""
    said = " ".join(source.get(part, "") for part in ("answers", "pages")).casefold()
    spoken = re.findall(r"[a-z]+", said)
    text = f" {' '.join(spoken)} "
    interests = [word for word in _allowed(shape, "interests") if f" {word.replace('-', ' ')} " in text]
    found = {name: _sign(ways, set(spoken)) for name, ways in _SIGNS.items()}
    return {"interests": interests[:5], **found}


def recommendations(shape: type[BaseModel], source: Mapping[str, str]) -> dict[str, Any]:
    """The first that are allowed: whoever asks names them with what goes best with the purchase first."""
    return {"products": _allowed(shape, "products")[: int(source.get("at_most", "1"))]}


def _sign(ways: Mapping[str, frozenset[str]], spoken: set[str]) -> str:
    return next((value for value, words in ways.items() if words & spoken), "unknown")


def _allowed(shape: type[BaseModel], name: str) -> list[str]:
    """The words that the shape's schema allows in this list."""
    items = shape.model_json_schema()["properties"][name]["items"]
    return list(items.get("enum") or [items["const"]])


PICKS: Mapping[str, Callable[[type[BaseModel], Mapping[str, str]], dict[str, Any]]] = MappingProxyType(
    {"profile": profile, "recommendations": recommendations}
)
