"""What a model is told of a person: what they wrote into forms, looked at, are tagged with and bought.

No address, no name and no identity goes with it. All of it is what strangers typed, so it is cut to a length.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.catalogue import Product
from store.contacts import Contact
from store.events import Event

ANSWERS = ("form", "message", "audience", "company", "source", "landing_page", "utm", "magnet")
PAGE_FIELDS = ("url", "page", "path")
MOST_FORMS = 5
MOST_PAGES = 20
MAX_CHARS = 2_000
MAX_PAGE_CHARS = 200
MAX_TAGS = 40


async def lead_facts(tx: AsyncSession, contact: Contact, owned: Sequence[str]) -> dict[str, str]:
    """Texts by what they are, each at most so long."""
    facts = {
        "answers": await _answers(tx, contact),
        "pages": await _pages(tx, contact),
        "tags": ", ".join(contact.tags[:MAX_TAGS]),
        "bought": ", ".join(owned),
    }
    return {name: text[:MAX_CHARS] for name, text in facts.items() if text}


def catalogue_facts(products: Iterable[Product]) -> str:
    """Products as a model reads them, a line each."""
    lines = (
        f"{one.key}: {one.name} ({one.kind}, {one.price:.2f} {one.currency}). {one.description}" for one in products
    )
    return "\n".join(line.strip() for line in lines)


async def _answers(tx: AsyncSession, contact: Contact) -> str:
    """The newest forms, the newest first."""
    filled = or_(col(Event.type) == "lead_captured", col(Event.source).startswith("form:"))
    payloads = await _payloads(tx, contact, filled, MOST_FORMS)
    given = [{name: payload[name] for name in ANSWERS if payload.get(name)} for payload in payloads]
    return json.dumps([one for one in given if one], ensure_ascii=False) if any(given) else ""


async def _pages(tx: AsyncSession, contact: Contact) -> str:
    """The newest pages, each once."""
    payloads = await _payloads(tx, contact, col(Event.type) == "page_visited", MOST_PAGES)
    seen = (next((str(one[name]) for name in PAGE_FIELDS if one.get(name)), "") for one in payloads)
    return "\n".join(dict.fromkeys(page[:MAX_PAGE_CHARS] for page in seen if page))


async def _payloads(tx: AsyncSession, contact: Contact, which: Any, most: int) -> Sequence[dict[str, Any]]:  # noqa: ANN401 - an SQL condition
    rows = select(Event.payload).where(col(Event.contact_id) == contact.id, col(Event.state) != "rejected", which)
    return (await tx.execute(rows.order_by(col(Event.seq).desc()).limit(most))).scalars().all()
