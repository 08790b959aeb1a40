"""An erased person: nothing goes out, nothing of them stands anywhere, and nobody brings them back but themselves."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from domain.erasure import DONE, refused
from domain.errors import Erased, NotDurable
from store.base import now
from store.contacts import Contact
from store.erased import Erasure
from store.erasing import statement
from store.erasures import Answer, workflows_of
from store.events import Event
from store.import_batch import run_batch
from store.imports import Import, ImportRow
from store.ingest import replay
from store.ledger import Call, Settled
from store.local import CrmRecord, Notification, OutboxMail
from store.messages import Message
from store.orders import Order, Refund
from store.personal import HELD
from store.queries.attribution import attribution
from store.queries.counters import counters
from store.reviews import Review
from store.tables import metadata
from store.tasks import Task, add_task
from tests.core_kit import GUIDE, World, hours_ago, purchase
from tests.erasure_kit import Somebody, ask, forget, standing_in
from tests.store.ledger_kit import KEY_LIFE, claim, die_in_the_call, nurtured, row, send

FIRST = "demo_nurture_1"


async def lived(world: World, somebody: Somebody, *, opted_out: bool = False) -> Contact:
    """Somebody who left something in many tables."""
    given = {"first_name": somebody.first_name, "attributes": {"phone": somebody.phone}}
    raw = f'{{"phone": "{somebody.phone}"}}'.encode()
    await world.tell(
        "lead_qualified", somebody.email, form="contact", raw=raw, user_id=somebody.user_id,
        utm={"campaign": "spring", "term": somebody.email}, sender_id=f"form of {somebody.email}", **given,
    )  # fmt: skip
    await world.tell("checkout_started", somebody.email, cart_id=f"cart {somebody.email}", items=[GUIDE], total="10")
    await purchase(world, somebody.email, GUIDE, amount_total=1_000, order_id=f"order of {somebody.email}")
    await world.tell("demo_booked", somebody.email, invitee=f"https://calendar.example/{somebody.email}")
    if opted_out:
        await world.tell("unsubscribed", somebody.email)
    await world.route()
    contact = await world.contact(somebody.email)
    listed = Import(filename="people.csv", state="done")
    async with world.db.transaction() as tx:
        tx.add(CrmRecord(email=somebody.email, properties={"phone": somebody.phone}))
        tx.add(
            OutboxMail(key=uuid4().hex, sender="a@b.example", recipient=somebody.email, subject="", text="", html="")
        )
        tx.add(
            Notification(title=f"Call {somebody.first_name}", text="", url=f"http://x.example/contacts/{contact.id}")
        )
        tx.add(Event(key=uuid4().hex, type="t", source="t", state="rejected", raw=f"<{somebody.email}>".encode(),
                     occurred_at=now()))  # fmt: skip
        tx.add(listed)
        await tx.flush()
        tx.add(ImportRow(import_id=listed.id, line=1, cells=[somebody.email, somebody.first_name], state="added",
                         contact_id=contact.id))  # fmt: skip
        await add_task(tx, uuid4(), "call", f"Call {somebody.phone}", contact.id, "high")
    return contact


def test_every_column_of_every_table_has_something_that_becomes_of_it() -> None:
    for name, held in HELD.items():
        statement(name)
        columns = {column.name for column in metadata.tables[name].columns}
        assert set(held.keeps.split()) | set(held.becomes) <= columns, name
        assert not set(held.keeps.split()) & set(held.becomes), name


async def test_nothing_of_them_stands_anywhere_and_the_proof_counts_what_was_there(world: World) -> None:
    somebody, other = Somebody(), Somebody()
    contact = await lived(world, somebody)
    await lived(world, other)
    before = [await standing_in(world.db, words) for words in (somebody.mark, other.mark)]
    assert before[0].keys() >= {"contacts", "identities", "events", "orders", "outbox_mails", "import_rows", "tasks"}
    proof = await forget(world, contact.id)
    assert await standing_in(world.db, somebody.mark) == {}
    assert await standing_in(world.db, other.mark) == before[1]
    assert proof.rows["identities"] == 2
    assert proof.vendors == {"crm": DONE}
    assert proof.finished_at is not None
    assert somebody.mark not in proof.model_dump_json()
    assert str(contact.id) not in proof.model_dump_json()


async def test_a_second_request_is_the_first_one(world: World) -> None:
    contact = await lived(world, Somebody())
    first = await ask(world, contact.id)
    again = await forget(world, contact.id)
    assert (again.id, again.requested_at) == (first.id, first.requested_at)
    async with world.db.transaction() as tx:
        mine = select(Event).where(col(Event.contact_id) == contact.id, col(Event.type) == "erased")
        assert len((await tx.execute(mine)).all()) == 1
    once_more = await forget(world, contact.id)
    assert once_more.rows == again.rows


async def test_sums_stay_as_they_were(world: World) -> None:
    somebody = Somebody()
    contact = await lived(world, somebody)
    span = (now() - timedelta(days=1), now() + timedelta(days=1))

    async def sums() -> tuple[object, object]:
        async with world.db.transaction() as tx:
            sold = await attribution(tx, *span)
            sent = (await tx.execute(text("SELECT state, count(*) FROM messages GROUP BY state ORDER BY state"))).all()
            return sold.model_dump(), list(sent)

    before = await sums()
    await forget(world, contact.id)
    assert await sums() == before


async def test_their_journeys_end_as_erased_and_their_workflows_are_known(world: World) -> None:
    email, journey = await nurtured(world)
    contact = await world.contact(email)
    proof = await ask(world, contact.id)
    [turn] = await world.route()
    assert turn.erased
    assert [(one.id, one.state) for one in turn.journeys] == [(journey.id, "erased")]
    assert (await row(world, journey)).reason == "erased"
    assert proof.journeys == 1
    async with world.db.transaction() as tx:
        assert journey.workflow_id in await workflows_of(tx, contact.id)


async def test_a_message_that_is_being_called_is_not_called_again_after_an_erasure(world: World) -> None:
    email, journey = await nurtured(world)
    due = await world.due(journey, FIRST)
    call = await claim(world, due, key_lifetime=KEY_LIFE)
    assert isinstance(call, Call)
    contact = await world.contact(email)
    with pytest.raises(NotDurable):
        await ask(world, contact.id)
    await die_in_the_call(world, call.message)
    await ask(world, contact.id)
    again = await claim(world, due, key_lifetime=KEY_LIFE)
    assert again == Settled("ended", "erased")
    async with world.db.transaction() as tx:
        assert (await tx.get_one(Message, call.message.id)).state == "unknown"


async def test_what_was_sent_stays_as_a_count_without_a_word(world: World) -> None:
    email, journey = await nurtured(world)
    message = await send(world, journey, FIRST)
    await forget(world, (await world.contact(email)).id)
    async with world.db.transaction() as tx:
        left = await tx.get_one(Message, message.id)
    assert (left.state, left.sent_at is not None) == ("sent", True)
    assert (left.recipient, left.subject, left.text, left.html) == ("", "", "", "")


async def test_erasing_a_survivor_erases_whom_it_was_merged_with(world: World) -> None:
    somebody, anonymous = Somebody(), uuid4().hex
    await world.tell("page_visited", anonymous_id=anonymous)
    contact = await lived(world, somebody)
    await world.tell("page_visited", somebody.email, anonymous_id=anonymous)
    survivor = await world.contact(somebody.email)
    assert survivor.id != contact.id
    await forget(world, contact.id)  # by the id that was merged away
    assert await standing_in(world.db, somebody.mark) == {}
    assert await standing_in(world.db, anonymous) == {}


@pytest.mark.parametrize("type_", ["invoice_paid", "page_visited", "email_opened", "login"])
async def test_what_others_say_of_them_leaves_nothing(world: World, type_: str) -> None:
    somebody = Somebody()
    await forget(world, (await lived(world, somebody)).id)
    before = await counted(world)
    receipt = await world.tell(type_, somebody.email, name=somebody.first_name, sender_id=f"late {somebody.mark}")
    assert (receipt.outcome, receipt.reason) == ("accepted", "erased")
    assert await standing_in(world.db, somebody.mark) == {}
    assert await counted(world) == before + 1
    again = await world.tell(type_, somebody.email, sender_id=f"late {somebody.mark}")
    assert again.outcome == "duplicate"


async def counted(world: World) -> int:
    async with world.db.transaction() as tx:
        return (await counters(tx)).received


async def test_a_repeat_of_what_they_once_did_brings_nothing_back(world: World) -> None:
    somebody = Somebody()
    await forget(world, (await lived(world, somebody)).id)
    order = {"order_id": f"order of {somebody.email}", "products": [GUIDE]}
    late = await world.tell("purchase_completed", somebody.email, occurred_at=hours_ago(1), **order)
    repeated = await world.tell("lead_qualified", somebody.email, source="test", sender_id=f"form of {somebody.email}")
    assert late.reason == "erased"
    assert repeated.outcome == "duplicate"
    assert await standing_in(world.db, somebody.mark) == {}


async def test_who_comes_back_by_a_form_is_somebody_new_and_keeps_their_no(world: World) -> None:
    somebody = Somebody()
    old = await lived(world, somebody, opted_out=True)
    await forget(world, old.id)
    await world.tell("lead_captured", somebody.email, source="form:contact", form="contact")
    new = await world.contact(somebody.email)
    assert new.id != old.id
    assert new.opted_out_at is not None
    assert (await world.heard(somebody.email))[0].payload["form"] == "contact"


async def test_what_they_do_while_they_are_erased_comes_again(world: World) -> None:
    somebody = Somebody()
    contact = await lived(world, somebody)
    await ask(world, contact.id)
    with pytest.raises(NotDurable):
        await world.tell("lead_captured", somebody.email, source="form:contact")
    assert (await world.tell("page_visited", somebody.email)).reason == "erased"


async def test_a_list_does_not_bring_them_back_and_holds_nothing_of_them(world: World) -> None:
    somebody, other = Somebody(), Somebody()
    await forget(world, (await lived(world, somebody, opted_out=True)).id)
    listed = Import(state="running", header=["email"], columns=["email"])
    async with world.db.transaction() as tx:
        tx.add(listed)
        await tx.flush()
        for line, one in enumerate((somebody, other), 1):
            tx.add(ImportRow(import_id=listed.id, line=line, cells=[one.email]))
    while await run_batch(world.db, world.marketing, listed.id):
        pass
    async with world.db.transaction() as tx:
        rows = select(ImportRow).where(col(ImportRow.import_id) == listed.id).order_by(col(ImportRow.line))
        lines = list((await tx.execute(rows)).scalars())
        found = await tx.get_one(Import, listed.id)
    assert [line.state for line in lines] == ["wrong", "added"]
    assert (found.done, found.added, found.wrong) == (2, 1, 1)
    assert await standing_in(world.db, somebody.mark) == {}


async def test_a_refund_that_comes_later_is_booked_and_nothing_else_of_it(world: World) -> None:
    somebody = Somebody()
    number = await purchase(world, somebody.email, GUIDE, amount_total=1_000)
    await world.route()
    await forget(world, (await world.contact(somebody.email)).id)
    given = {"payment_intent": f"pi_{number}", "amount_refunded": 400, "name": somebody.first_name}
    assert (await world.tell("refund", somebody.email, **given)).reason == "erased"
    async with world.db.transaction() as tx:
        [refund] = (await tx.execute(select(Refund).where(col(Refund.payment_intent) == f"pi_{number}"))).scalars()
        order = (await tx.execute(select(Order).where(col(Order.external_id) == number))).scalar_one()
    assert (refund.amount, order.total, order.payment_intent) == (400, 1_000, f"pi_{number}")
    assert await standing_in(world.db, somebody.mark) == {}


async def test_what_is_billed_to_them_later_is_recognised(world: World) -> None:
    somebody = Somebody()
    bill = {"subscription": f"sub_{somebody.mark}", "customer": f"cus_{somebody.mark}", "status": "active"}
    await world.tell("subscription_changed", somebody.email, **bill)
    await world.route()
    await forget(world, (await world.contact(somebody.email)).id)
    assert (await world.tell("subscription_changed", None, **bill)).reason == "erased"
    assert await standing_in(world.db, somebody.mark) == {}


async def test_a_dead_letter_of_theirs_is_not_replayed(world: World) -> None:
    somebody = Somebody()
    await forget(world, (await lived(world, somebody)).id)
    letter = Event(key="k", type="login", source="t", state="rejected", payload={"email": somebody.email},
                   occurred_at=now())  # fmt: skip
    async with world.db.transaction() as tx:
        tx.add(letter)
    with pytest.raises(Erased):
        await replay(world.db, world.marketing, letter.id)


async def test_a_review_about_them_is_closed_and_goes(world: World) -> None:
    somebody = Somebody()
    receipt = await world.tell("content_published", somebody.email, title="A story")
    await world.route()
    assert receipt.event_id
    review = Review(id=uuid4(), origin=receipt.event_id, kind="x", channel="x", title=somebody.first_name)
    async with world.db.transaction() as tx:
        tx.add(review)
    contact = await world.contact(somebody.email)
    proof = await ask(world, contact.id)
    told = [one.id for turn in await world.route() for one in turn.reviews]
    async with world.db.transaction() as tx:
        assert (await tx.get_one(Review, review.id)).state == "expired"
        assert f"review/{review.id}" in await workflows_of(tx, contact.id)
    assert told == [review.id]
    await forget(world, contact.id)
    assert await standing_in(world.db, somebody.mark) == {}
    assert proof.id


async def test_a_vendor_that_refuses_is_named_and_left_to_a_person(world: World) -> None:
    contact = await lived(world, Somebody())
    proof = await forget(world, contact.id, Answer("hubspot", refused("rejected")), Answer("brevo", DONE))
    assert proof.vendors == {"hubspot": "refused: rejected", "brevo": DONE}
    async with world.db.transaction() as tx:
        [task] = (await tx.execute(select(Task).where(col(Task.about) == proof.id))).scalars()
        assert (await tx.get_one(Erasure, proof.id)).finished_at is not None
    assert (task.kind, task.priority, task.contact_id) == ("erasure_refused", "high", None)
    assert "hubspot" in task.title
