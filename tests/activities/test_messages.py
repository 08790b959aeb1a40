"""`message.send`: one mail of one journey, once, through the real ledger and the real templates."""

from __future__ import annotations

import asyncio
import html
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities import messages
from activities.composing import Composer
from activities.messages import MessageActivities
from domain import names
from domain.errors import ProviderError
from providers.rendering.errors import TemplateError
from store.journeys import Journey
from store.ledger import Ledger
from tests.activities.vendors import on_queue
from tests.core_kit import BASICS, CONFIG, Post, World, purchase, somebody
from workflows.journey import StepRequest, StepResult

KEY_LIFE = timedelta(hours=24)


PUBLIC_URL = "https://post.acme.example"


def sending(world: World, post: Post) -> MessageActivities:
    composer = Composer(CONFIG / "emails", world.marketing, PUBLIC_URL, "secret")
    return MessageActivities(world.ledger, composer, {"marketing": post, "transactional": post})


async def request(world: World, journey: Journey, step: str) -> StepRequest:
    due = await world.due(journey, step)
    return StepRequest.model_validate(due, from_attributes=True)


async def send(world: World, post: Post, journey: Journey, step: str, queue: str = names.MARKETING_QUEUE) -> StepResult:
    asked = await request(world, journey, step)
    result: StepResult = await on_queue(queue).run(sending(world, post).send, asked)
    return result


async def nurtured(world: World) -> tuple[str, Journey]:
    email = somebody()
    await world.tell("lead_qualified", email, form="contact", first_name="Ada")
    await world.route()
    return email, await world.journey(email, "demo_nurture")


async def test_a_mail_goes_out_once_with_the_key_of_its_message(world: World) -> None:
    email, journey = await nurtured(world)
    post = Post()
    results = [await send(world, post, journey, "demo_nurture_1") for _ in range(3)]
    assert results == [StepResult(status="sent")] * 3
    [mail] = post.accepted
    message = await world.message(journey, "demo_nurture_1")
    assert (mail.key, mail.to, mail.lane) == (str(message.id), email, "marketing")
    assert message.provider_message_id == f"post-{message.id}"
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.sender == world.marketing.brand.marketing_from


async def test_a_receipt_has_nothing_to_unsubscribe_from(world: World) -> None:
    email = somebody()
    await purchase(world, email, BASICS, amount_total=1000)
    await world.route()
    post = Post()
    journey = await world.journey(email, "order_receipt")
    await send(world, post, journey, "order_receipt", names.TRANSACTIONAL_QUEUE)
    assert post.accepted[0].lane == "transactional"
    assert not any(name.startswith("List-") for name in post.accepted[0].headers)
    assert "10.00" in post.accepted[0].text
    assert "utm_" not in post.accepted[0].html + post.accepted[0].text


async def test_a_marketing_mails_links_say_which_mail_they_came_from(world: World) -> None:
    brand = world.marketing.brand.model_copy(update={"demo_url": "https://acme.example/demo"})
    rules = world.marketing.model_copy(update={"brand": brand})
    _, journey = await nurtured(world)
    post = Post()
    composer = Composer(CONFIG / "emails", rules, PUBLIC_URL, "secret")
    ledger = Ledger(world.db, world.definitions, rules, world.clock)
    asked = await request(world, journey, "demo_nurture_1")
    await on_queue(names.MARKETING_QUEUE).run(MessageActivities(ledger, composer, {"marketing": post}).send, asked)
    [mail] = post.accepted
    parameters = "utm_source=perennial&utm_medium=email&utm_campaign=demo_nurture&utm_content=demo_nurture_1"
    assert f"https://acme.example/demo?{parameters}" in mail.text
    assert html.escape(f"https://acme.example/demo?{parameters}") in mail.html
    assert f"{PUBLIC_URL}/u/" in mail.html
    assert all("utm_" not in link for link in mail.html.split('"') if link.startswith(PUBLIC_URL))


async def test_a_confirmation_carries_its_calendar_file(world: World) -> None:
    email = somebody()
    times = {"starts_at": "2027-03-09T10:00:00+00:00", "ends_at": "2027-03-09T10:30:00+00:00"}
    await world.tell("demo_booked", email, invitee_uri=f"i-{email}", event_name="Demo", **times)
    await world.route()
    post = Post()
    journey = await world.journey(email, "demo_confirmation")
    await send(world, post, journey, "demo_confirmation", names.TRANSACTIONAL_QUEUE)
    [attachment] = post.accepted[0].attachments
    assert (attachment.filename, attachment.content_type.partition(";")[0]) == ("invite.ics", "text/calendar")
    assert b"DTSTART" in attachment.content


SOON = timedelta(milliseconds=300)


@pytest.mark.parametrize(
    ("error", "code", "wait"),
    [
        (ProviderError("unavailable"), "unavailable", None),
        (ProviderError("rate_limited", retry_after=SOON), "rate_limited", SOON),
        (ProviderError("unauthorized", permanent=True), "unauthorized", messages.OUTAGE_WAIT),
        (ProviderError("refused_for_now"), "refused_for_now", None),
    ],
)
async def test_what_may_pass_is_tried_again_by_temporal(
    world: World, error: ProviderError, code: str, wait: timedelta | None
) -> None:
    _, journey = await nurtured(world)
    post = Post(answers=[error])
    with pytest.raises(ApplicationError) as later:
        await send(world, post, journey, "demo_nurture_1")
    delay = wait + messages.MARGIN if wait else None
    assert (later.value.type, later.value.message, later.value.next_retry_delay) == (code, code, delay)
    assert not later.value.non_retryable
    if error.retry_after:
        with pytest.raises(ApplicationError, match="call_under_way"):
            await send(world, post, journey, "demo_nurture_1")
        await asyncio.sleep(error.retry_after.total_seconds())
    assert await send(world, post, journey, "demo_nurture_1") == StepResult(status="sent")
    assert len({mail.text for mail in post.calls}) == 1


async def test_refusals_are_counted_and_outages_are_not(world: World) -> None:
    _, journey = await nurtured(world)
    outages: list[ProviderError | str] = [ProviderError("unavailable") for _ in range(6)]
    refusals: list[ProviderError | str] = [ProviderError("greylisted") for _ in range(9)]
    post = Post(answers=[*outages, *refusals])
    for _ in range(6 + world.marketing.limits.retries):
        with pytest.raises(ApplicationError):
            await send(world, post, journey, "demo_nurture_1")
    assert await send(world, post, journey, "demo_nurture_1") == StepResult(status="failed", reason="greylisted")


async def test_a_permanent_refusal_is_tried_once_and_shown(world: World) -> None:
    _, journey = await nurtured(world)
    post = Post(answers=[ProviderError("bad_address", permanent=True)])
    assert await send(world, post, journey, "demo_nurture_1") == StepResult(status="failed", reason="bad_address")
    assert len(post.calls) == 1


async def test_an_answer_that_was_lost_is_asked_for_again_by_key(world: World) -> None:
    _, journey = await nurtured(world)
    post = Post(key_lifetime=KEY_LIFE, answers=["lost"])
    with pytest.raises(ApplicationError) as later:
        await send(world, post, journey, "demo_nurture_1")
    assert later.value.type == "no_answer"
    assert await send(world, post, journey, "demo_nurture_1") == StepResult(status="sent")
    assert (len(post.calls), len(post.accepted)) == (2, 1)


async def test_an_answer_that_was_lost_without_keys_is_never_asked_for_again(world: World) -> None:
    _, journey = await nurtured(world)
    post = Post(answers=["lost"])
    with pytest.raises(ApplicationError):
        await send(world, post, journey, "demo_nurture_1")
    assert await send(world, post, journey, "demo_nurture_1") == StepResult(status="unknown", reason="no_answer")
    assert len(post.calls) == 1


async def test_a_second_worker_waits_for_the_first_ones_call(world: World) -> None:
    _, journey = await nurtured(world)
    post = Post(holding=asyncio.Event())
    first = asyncio.create_task(send(world, post, journey, "demo_nurture_1"))
    while not post.calls:  # noqa: ASYNC110 - the call itself is awaited
        await asyncio.sleep(0.01)
    with pytest.raises(ApplicationError) as later:
        await send(world, post, journey, "demo_nurture_1")
    assert later.value.type == "call_under_way"
    assert later.value.next_retry_delay is not None
    assert post.holding is not None
    post.holding.set()
    assert await first == StepResult(status="sent")
    assert len(post.calls) == 1


async def test_why_nothing_goes_out_is_the_answer(world: World) -> None:
    email, journey = await nurtured(world)
    await world.tell("unsubscribed", email)
    post = Post()
    assert await send(world, post, journey, "demo_nurture_1") == StepResult(status="ended", reason="unsubscribed")
    assert post.calls == []


async def test_a_template_that_fails_sends_nothing_and_leaves_no_row(world: World) -> None:
    _, journey = await nurtured(world)
    composer = Composer(CONFIG / "nowhere", world.marketing, PUBLIC_URL, "secret")
    post = Post()
    broken = MessageActivities(world.ledger, composer, {"marketing": post})
    asked: Any = await request(world, journey, "demo_nurture_1")
    with pytest.raises(TemplateError):
        await on_queue(names.MARKETING_QUEUE).run(broken.send, asked)
    assert await send(world, post, journey, "demo_nurture_1") == StepResult(status="sent")
