"""What happened to the people of the town: enough of everything that every page has something to show."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from domain.approval import Reviewer
from domain.campaigns import Campaign
from domain.events import Incoming
from domain.segments import Segment
from store import campaign_edit, review_decisions, segments
from store.base import now
from store.campaigns import CampaignRun
from store.local import Notification
from tests.api.dashboard.town import Town
from tests.store.assets import THREAD, asset

UTM = {"source": "newsletter", "medium": "email", "campaign": "spring-launch"}
NEWSLETTER = {
    "headline": "Exports in half the time",
    "text": "Exports are twice as fast now.\n\nDark mode follows your system. https://example.com/releases/v2",
}
DESCRIPTIONS = {"descriptions": [f"Exports are twice as fast now, in {word}." for word in ("one", "two", "three")]}


async def lead(town: Town, email: str, name: str, company: str, steps: int, days: float, **more: Any) -> UUID:
    """Somebody who filled in the contact form so long ago and has had so many mails."""
    payload = {
        "form": "contact", "first_name": name, "company": company, "utm": UTM, "source": "newsletter",
        "landing_page": "/pricing?ref=spring", "tags": ["B2B", "contact-form"], "message": "Can you help us?", **more,
    }  # fmt: skip
    who = await town.happens("lead_captured", email, payload, source="form:contact")
    await town.happens("lead_qualified", None, {"contact_id": str(who), "form": "contact"}, source="perennial")
    for _ in range(steps):
        await town.step(who, "demo_nurture")
    await town.days_ago(who, days)
    return who


async def buyer(town: Town, email: str, name: str, products: list[str], steps: int, days: float) -> UUID:
    """Somebody who bought something so long ago."""
    payload = {
        "session_id": f"cs_{email}", "products": products, "first_name": name, "amount_total": 9800, "currency": "usd",
        "payment_intent": f"pi_{email}", "source": "google",
    }  # fmt: skip
    who = await town.happens("purchase_completed", email, payload, source="stripe", sender_id=f"evt_{email}")
    for sequence, count in (("order_receipt", 1), ("purchase_followup", steps)):
        for _ in range(count):
            if await town.journey(who, sequence):
                await town.step(who, sequence)
    await town.days_ago(who, days)
    return who


async def ada(town: Town) -> UUID:
    """The one whose timeline is worth a picture: a lead who booked, canceled, and left."""
    email = "ada.lovelace@engines.example"
    who = await lead(town, email, "Ada", "Analytical Engines", 2, 20)
    await town.step(who, "demo_nurture", late=True)
    start = {"invitee_uri": "calendar/ada", "event_name": "Demo", "starts_at": "2030-03-05T14:00:00+00:00",
             "ends_at": "2030-03-05T14:30:00+00:00"}  # fmt: skip
    await town.happens("demo_booked", email, start, source="calendly", sender_id="ada-booked")
    await town.step(who, "demo_confirmation")
    await town.happens("demo_canceled", email, start, source="calendly", sender_id="ada-canceled")
    products = [product.key for product in town.services.marketing.catalogue[:1]]
    order = {"session_id": "cs_ada", "products": products, "amount_total": 14900}
    await town.happens("purchase_completed", email, order, source="stripe", sender_id="evt_ada")
    await town.step(who, "order_receipt")
    await town.step(who, "purchase_followup")
    await town.done(who, "demo_canceled")
    await town.happens("lead_captured", email, {"form": "contact", "source": "podcast"}, source="form:contact")
    await town.happens("lead_qualified", None, {"contact_id": str(who), "form": "contact"}, source="perennial")
    return who


async def town_of_people(town: Town) -> dict[str, UUID]:
    """Leads, buyers, carts, an opt-out, a bounce, dead letters, reviews in every state, posts, notices."""
    known = {"ada": await ada(town)}
    for number in range(9):
        await lead(
            town, f"lead{number}@company{number}.example", "Grace", f"Company {number}", number % 4, number * 1.6
        )
    products = [product.key for product in town.services.marketing.catalogue]
    for number in range(7):
        chosen = products[number % len(products) :][:2]
        await buyer(town, f"buyer{number}@mail.example", "Linus", chosen, number % 3, number * 2.1)
    cart = {"cart_id": "cart-1", "items": [{"name": "Course", "price": "49.00"}], "total": "49.00"}
    await town.happens("checkout_started", "cart@mail.example", cart)
    gone = await lead(town, "gone@mail.example", "Gone", "", 1, 3)
    await town.happens("unsubscribed", None, {"contact_id": str(gone)}, source="unsubscribe")
    known["gone"] = gone
    late = await lead(town, "late@mail.example", "Late", "Slow & Sons", 0, 0)
    await town.step(late, "demo_nurture", late=True)
    known["late"] = late
    for number in range(2):
        await town.services.keep(
            Incoming(type="purchase_completed", source="stripe", sender_id=f"dead-{number}", payload={"total": 1},
                     raw=b'{"id": "evt_dead"}'),
            "The session has no email address.",
        )  # fmt: skip
    await doubts(town)
    return known | await content(town) | await campaigns(town)


async def doubts(town: Town) -> None:
    """One message that failed and one of which nobody knows."""
    states = (("failed", "rejected"), ("unknown", "no_answer"))
    async with town.services.db.transaction() as tx:
        for place, (state, reason) in enumerate(states):
            change = (
                "UPDATE messages SET state = :state, reason = :reason, sent_at = NULL WHERE id = (SELECT id FROM "
                "messages WHERE state = 'sent' AND recipient LIKE 'buyer%' ORDER BY recipient, step OFFSET :n LIMIT 1)"
            )
            await tx.execute(text(change), {"state": state, "reason": reason, "n": place})


CAMPAIGN: dict[str, Any] = {
    "name": "Spring news <i>2026</i>",
    "segment": "customers",
    "words": {
        "subject": "Spring news for {{ contact.first_name }}",
        "subject_b": "What is new this spring",
        "body": "<mj-section><mj-column><mj-text><p>Hello {{ contact.first_name }}, exports are twice as fast now."
        "</p></mj-text></mj-column></mj-section>",
    },
    "schedule": {"at": "2031-03-05T09:00:00", "repeat": "monthly"},
}
VERDICT = {
    "a": {"got": 120, "did": 31}, "b": {"got": 120, "did": 52}, "measure": "opened", "significant": True,
    "p_value": 0.006,
}  # fmt: skip


async def campaigns(town: Town) -> dict[str, UUID]:
    """A segment, and a campaign to it that has gone out once."""
    node = {"all": [{"kind": "tag", "tag": "B2C"}, {"not": {"kind": "event", "event": "refund", "days": 30}}]}
    written = Segment.model_validate({"segment": "customers", "name": "Customers <b>", "filter": node})
    run_id = uuid4()
    async with town.services.db.transaction() as tx:
        await segments.save(tx, written, "user:1")
        row = await campaign_edit.create(tx, Campaign.model_validate(CAMPAIGN), "user:1")
        tx.add(
            CampaignRun(
                id=run_id, campaign_id=row.id, no=1, slot_at=now(), state="done", words=CAMPAIGN["words"], audience=600,
                test_count=240, winner="b", verdict=VERDICT, workflow_id=f"campaign/{run_id}", notified=1,
                started_at=now(), finished_at=now(),
            )
        )  # fmt: skip
    return {"campaign": row.id, "campaign_run": run_id}


async def content(town: Town) -> dict[str, UUID]:
    """Reviews in every state."""
    db, ana = town.services.db, Reviewer("user:1", "Ana")
    known = {
        "linkedin": await asset(db),
        "thread": await asset(db, "thread", THREAD),
        "newsletter": await asset(db, "newsletter", NEWSLETTER),
        "descriptions": await asset(db, "descriptions", DESCRIPTIONS),
    }
    done = await asset(db, "thread", THREAD)
    rejected, edited, again = await asset(db), await asset(db), await asset(db)
    async with db.transaction() as tx:
        await review_decisions.approve(tx, done, ana)
        await review_decisions.reject(tx, rejected, ana, reason="Not our tone.")
        await review_decisions.edit(
            tx,
            edited,
            ana,
            body={
                "text": "Exports take half the time now, and dark mode follows your system. https://example.com/releases/v2"
            },
        )
        await review_decisions.regenerate(tx, again, ana, instructions="Shorter, please.")
        tx.add(
            Notification(
                title="Please review: acme/tool v2", text="Quality 74%: review carefully.", url="/", urgent=True
            )
        )
    await town.published(done, "x", list(THREAD["tweets"]))
    await town.routed()
    return {**known, "done": done, "edited": edited, "again": again}
