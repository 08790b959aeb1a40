"""What every content asset is: words in a typed shape, and the digest by which exactly these words are approved."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.json_schema import SkipJsonSchema


def _said(text: str) -> str:
    """Text that says something: no control characters but line breaks, no blank edges, not empty."""
    kept = "".join(c for c in text.replace("\r\n", "\n") if c == "\n" or unicodedata.category(c) != "Cc").strip()
    if not kept:
        raise ValueError("must not be empty")
    return kept


def at_most(limit: int) -> AfterValidator:
    def check(text: str) -> str:
        if len(text) > limit:
            raise ValueError(f"has {len(text)} characters, at most {limit} are allowed")
        return text

    return AfterValidator(check)


def different(count: int, what: str) -> AfterValidator:
    def check(texts: list[str]) -> list[str]:
        if len(texts) != count:
            raise ValueError(f"must be exactly {count} {what}, not {len(texts)}")
        if len(set(texts)) != count:
            raise ValueError(f"must be {count} different {what}")
        return texts

    return AfterValidator(check)


Said = Annotated[str, AfterValidator(_said)]


class Asset(BaseModel):
    """What all kinds share. `note` is the writer's word to the reviewer: never published, never asked of a model.

    `settings` names fields that are approved and published with the rest, but are no words that anybody reads.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    settings: ClassVar[frozenset[str]] = frozenset()

    note: SkipJsonSchema[str] = ""


def texts(asset: BaseModel) -> list[str]:
    """What people read of an asset, in order: each string in it but settings and the notes to the reviewer."""
    unread = {"note", *(asset.settings if isinstance(asset, Asset) else ())}
    return list(_texts(asset.model_dump(mode="json", exclude=unread)))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def digest(asset: BaseModel) -> str:
    """SHA-256 (hex) of what is published: what was approved and what goes out are compared by it."""
    body = asset.model_dump(mode="json", exclude={"note"})
    canonical = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
