"""`split: {experiment: subject, holdout: 10}`: people are divided among variants, each always into the same one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from uuid import UUID

from pydantic import Field

from domain.steps.base import Body, Kind

HOLDOUT = "holdout"
_WHOLE = 2**64


class Split(Body):
    """`holdout` is the percentage that gets none of the variants and goes on after them."""

    experiment: str = Field(pattern=r"^[a-z0-9_]+$", max_length=60)
    holdout: float = Field(default=0, ge=0, lt=100)


def choose(experiment: str, person: UUID, weights: Mapping[str, float], holdout: float) -> str:
    """The variant of a person, or `holdout`: the same on every machine, and independent between experiments.

    A person's place in [0, 1) is the first 64 bits of SHA-256 over experiment and person.
    """
    digest = hashlib.sha256(f"{experiment}:{person}".encode()).digest()
    place = int.from_bytes(digest[:8]) / _WHOLE * 100
    if place < holdout:
        return HOLDOUT
    scale = (100 - holdout) / sum(weights.values())
    edge = holdout
    for name, weight in weights.items():
        edge += weight * scale
        if place < edge:
            return name
    return list(weights)[-1]


KIND = Kind("split", Split, nests=("variants",))
