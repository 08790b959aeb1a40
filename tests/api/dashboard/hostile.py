"""A stranger who writes markup, templates and scripts wherever they can."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from domain.events import Incoming
from store.local import OutboxMail
from tests.api.dashboard.town import Town
from tests.store.assets import asset

PAYLOADS = (
    "<script>pwned('name')</script>",
    "\"><img src=x onerror=pwned('img')>",
    "'><svg onload=pwned('svg')>",
    "javascript:pwned('href')",
    "{{1337*1000+331}}{% raw %}${1337*1000+331}",
    "</textarea><script>pwned('textarea')</script>",
    "</title><script>pwned('title')</script>",
    '" data-hx-get="/" data-hx-trigger="load" hx-on:load="pwned(\'hx\')" autofocus onfocus="pwned(\'focus\')',
    "--><script>pwned('comment')</script>",
    "\u202e\u0000<iframe srcdoc=\"<script>parent.pwned('srcdoc')</script>\">".replace("\u0000", ""),
)


async def hostile_person(town: Town) -> UUID:
    """One who fills in everything that a form and the API take."""
    everything = " ".join(PAYLOADS)
    payload: dict[str, Any] = {
        "form": PAYLOADS[0], "first_name": PAYLOADS[0], "company": PAYLOADS[1], "source": PAYLOADS[2],
        "landing_page": PAYLOADS[3], "audience": PAYLOADS[4], "message": PAYLOADS[5], "timezone": PAYLOADS[6],
        "language": PAYLOADS[7], "tags": list(PAYLOADS), "utm": {"source": PAYLOADS[8], PAYLOADS[1]: PAYLOADS[7]},
        "attributes": {PAYLOADS[0]: PAYLOADS[1], "note": everything},
        "consent": {"granted": True, "wording": PAYLOADS[0], "place": PAYLOADS[1]},
    }  # fmt: skip
    email = "hostile@mail.example"
    who = await town.happens("lead_captured", email, payload, source="form:contact", user_id=PAYLOADS[0])
    await town.happens("lead_qualified", None, {"contact_id": str(who), "form": "contact"}, source="perennial")
    await town.step(who, "demo_nurture")
    cart = {
        "cart_id": PAYLOADS[0],
        "url": PAYLOADS[3],
        "items": [{"name": one} for one in PAYLOADS],
        "total": PAYLOADS[1],
    }
    await town.happens("checkout_started", email, cart, session_id=PAYLOADS[0], sender_id=PAYLOADS[0])
    await town.step(who, "cart_recovery")
    booking = {
        "invitee_uri": PAYLOADS[3], "event_name": PAYLOADS[1], "join_url": PAYLOADS[3], "cancel_url": PAYLOADS[3],
        "starts_at": "2030-03-05T14:00:00+00:00", "ends_at": "2030-03-05T14:30:00+00:00",
    }  # fmt: skip
    await town.happens("demo_booked", email, booking, source="calendly", sender_id=PAYLOADS[1])
    await town.step(who, "demo_confirmation")
    await _elsewhere(town, everything)
    return who


async def _elsewhere(town: Town, everything: str) -> None:
    """What is about no person: a dead letter, a draft, a mail whose own HTML is hostile."""
    raw = everything.encode()
    dead = Incoming(type="purchase_completed", source="stripe", sender_id=PAYLOADS[2], entity=PAYLOADS[0],
                    payload={"note": everything}, raw=raw)  # fmt: skip
    await town.services.keep(dead, PAYLOADS[0])
    await asset(town.services.db, "linkedin", {"text": everything})
    async with town.services.db.transaction() as tx:
        tx.add(
            OutboxMail(
                key="hostile-mail", sender=PAYLOADS[1], recipient=PAYLOADS[0], subject=PAYLOADS[6], text=everything,
                html=f"<html><body>{everything}<script>top.pwned('mail')</script></body></html>",
                headers={PAYLOADS[0]: PAYLOADS[1]},
                attachments=[{"filename": PAYLOADS[0], "content_type": PAYLOADS[1]}],
            )
        )  # fmt: skip
    await town.routed()


async def pages_of(town: Town, who: UUID) -> list[str]:
    """Every page on which something of it is shown."""
    async with town.services.db.transaction() as tx:
        found = {
            table: [str(row[0]) for row in await tx.execute(text(f"SELECT id FROM {table} WHERE {where}"))]
            for table, where in (
                ("events", f"contact_id = '{who}' OR state = 'rejected'"),
                ("journeys", f"contact_id = '{who}'"),
                ("messages", f"contact_id = '{who}'"),
                ("reviews", "state = 'pending'"),
            )
        }
    single = [f"/{table}/{row}" for table, rows in found.items() for row in rows]
    mails = [f"/outbox/{row}{part}" for row in [*found["messages"], "hostile-mail"] for part in ("", "/body")]
    quoted = "%3Cscript%3Epwned(%27query%27)%3C%2Fscript%3E%22%20onfocus%3D%22pwned(1)"
    lists = [
        "/", "/contacts", "/events", "/events?state=rejected", "/journeys?state=all", "/messages?state=sent", "/outbox",
        "/reviews", "/posts", f"/contacts?q={quoted}", f"/outbox?q={quoted}", f"/events?type={quoted}&source={quoted}",
        f"/journeys?sequence={quoted}&step={quoted}&state={quoted}", f"/reviews?status={quoted}",
    ]  # fmt: skip
    return [f"/contacts/{who}", *single, *mails, *lists]
