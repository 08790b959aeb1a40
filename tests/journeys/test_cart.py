"""A checkout that was not completed: each person gets the reminders that they should, and no more."""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from demo.calendar import eventually
from demo.client import Json
from tests.journeys import rows
from tests.journeys.shop import buy, check_out
from tests.journeys.town import Person, Town, days, due

pytestmark = pytest.mark.timeout(300)

RECOVERY, RECEIPT = "cart_recovery", "order_receipt"
# An hour is a twelfth of a second: this begins when the others' first mails are out.
QUIET_AFTER_S = 20
TRIES = 5
LOOK_EVERY_S = 0.02


@dataclass
class Carts:
    """Nepomuka and Nikephoros never pay, Bohumil does after the first mail, Gudrun between the claim and the send
    of the second, and Pelagia before the checkout event arrives.
    """

    nepomuka: Person
    nikephoros: Person
    bohumil: Person
    pelagia: Person
    gudrun: Person
    carts: dict[str, str] = field(default_factory=dict)


async def play(town: Town) -> Carts:
    story = Carts(
        nepomuka=town.person("Nepomuka"),
        nikephoros=town.person("Nikephoros"),
        bohumil=town.person("Bohumil"),
        pelagia=town.person("Pelagia"),
        gudrun=town.person("Gudrun", tag="greylisted"),
    )
    await asyncio.sleep(QUIET_AFTER_S)
    async with town.undisturbed:
        await asyncio.gather(
            _never_pays(town, story, story.nepomuka),
            _never_pays(town, story, story.nikephoros),
            _after_the_first(town, story, story.bohumil),
            _before_the_event(town, story, story.pelagia),
        )
        await _between_claim_and_send(town, story)
    return story


async def _starts(town: Town, story: Carts, person: Person) -> datetime:
    cart = story.carts.setdefault(person.email, f"cart-{secrets.token_hex(6)}")
    await check_out(town, person, cart)
    return await town.begin(person, RECOVERY)


async def _pays(town: Town, story: Carts, person: Person) -> None:
    await buy(town, person, "field-guide", cart=story.carts[person.email])
    await town.sent(person, RECEIPT)


async def _never_pays(town: Town, story: Carts, person: Person) -> None:
    start = await _starts(town, story, person)
    await town.until(start, 3)
    await town.ended(person, RECOVERY)


async def _after_the_first(town: Town, story: Carts, bohumil: Person) -> None:
    start = await _starts(town, story, bohumil)
    await eventually(lambda: _message(town, bohumil, "cart_1h", "sent"), "the first reminder", every_s=0.1)
    await _pays(town, story, bohumil)
    await town.until(start, 3)


async def _before_the_event(town: Town, story: Carts, pelagia: Person) -> None:
    story.carts[pelagia.email] = f"cart-{secrets.token_hex(6)}"
    await _pays(town, story, pelagia)
    await check_out(town, pelagia, story.carts[pelagia.email])
    await eventually(lambda: town.not_entered(pelagia, RECOVERY), "the reason why there is no recovery")


async def _between_claim_and_send(town: Town, story: Carts) -> None:
    """The mailbox refuses the first attempt for an hour; the workers are held still meanwhile.

    An hour is a twelfth of a second here. Where we were too slow to see the claim, somebody else does the same.
    """
    for again in range(1, TRIES + 1):
        start = await _starts(town, story, story.gudrun)
        await town.until(start, 0.95)
        seen = await eventually(lambda: _claimed(town, story.gudrun), "the second reminder", every_s=LOOK_EVERY_S)
        with town.frozen("worker-1", "worker-2"):
            seen = await _claimed(town, story.gudrun) or seen
            paying = asyncio.create_task(_pays(town, story, story.gudrun))
            await asyncio.wait({paying}, timeout=1)
        await paying
        await town.ended(story.gudrun, RECOVERY)
        if seen["state"] == "claimed":
            return
        story.gudrun = town.person(f"Gudrun{'a' * again}", tag="greylisted")
    raise AssertionError(f"the claim was not seen in {TRIES} tries")


async def _message(town: Town, person: Person, step: str, *states: str) -> Json | None:
    mails = await town.api.all(f"/v1/contacts/{await town.api.id_of(person.email)}/messages")
    return next((mail for mail in mails if mail["step"] == step and mail["state"] in states), None)


async def _claimed(town: Town, person: Person) -> Json | None:
    return await _message(town, person, "cart_24h", "claimed", "sent", "skipped")


async def _codes(town: Town, played: Carts) -> dict[str, str]:
    """The one code of each who never paid."""
    found = {}
    for person in (played.nepomuka, played.nikephoros):
        (code,) = await rows.codes(town.db, await rows.cart(town.db, played.carts[person.email]))
        found[person.email] = code.code
    return found


async def test_who_never_pays_is_reminded_at_1_24_and_48_hours(town: Town, played: Carts) -> None:
    for person in (played.nepomuka, played.nikephoros):
        journey = await town.journey(person, RECOVERY)
        mails = await town.api.sent(person.email, RECOVERY)
        hours = [(round(day * 24), step) for day, step in due(journey, mails)]
        assert hours == [(1, "cart_1h"), (24, "cart_24h"), (48, "cart_48h")]
        assert [mail["subject"] for mail in mails[:2]] == [
            "Your cart is as you left it",
            "10% off what is in your cart",
        ]


async def test_the_code_is_unique_and_the_same_in_both_mails(town: Town, played: Carts) -> None:
    codes = await _codes(town, played)
    assert len(set(codes.values())) == 2
    for email, code in codes.items():
        first, second, third = await town.api.sent(email, RECOVERY)
        assert re.fullmatch(r"[2-9A-HJ-NP-Z]{8}", code)
        assert [code in mail["text"] for mail in (first, second, third)] == [False, True, True]
        assert [code in mail["html"] for mail in (first, second, third)] == [False, True, True]


async def test_the_code_takes_10_percent_and_is_valid_until_the_hold_ends(town: Town, played: Carts) -> None:
    cart = await rows.cart(town.db, played.carts[played.nepomuka.email])
    (code,) = await rows.codes(town.db, cart)
    journey = await town.journey(played.nepomuka, RECOVERY)
    assert cart.hold_until is not None
    assert code.percent == 10
    assert days(journey["started_at"], cart.hold_until.isoformat()) == pytest.approx(3, abs=0.5)
    assert code.expires_at == cart.hold_until


async def test_the_last_chance_tells_the_true_time_left(town: Town, played: Carts) -> None:
    cart = await rows.cart(town.db, played.carts[played.nepomuka.email])
    last = (await town.api.sent(played.nepomuka.email, RECOVERY))[-1]
    told = int(re.fullmatch(r"(\d+) hours? left on your 10%", last["subject"])[1])  # type: ignore[index]
    # It was written between its time and its sending.
    left = [days(last[at], cart.hold_until.isoformat()) * 24 for at in ("due_at", "sent_at")]  # type: ignore[union-attr]
    assert left[1] - 1 <= told <= left[0] + 1


async def test_the_cart_is_released_at_72_hours(town: Town, played: Carts) -> None:
    cart = await rows.cart(town.db, played.carts[played.nepomuka.email])
    journey = await town.journey(played.nepomuka, RECOVERY)
    assert (cart.state, journey["reason"]) == ("released", "released")
    assert days(journey["started_at"], journey["ended_at"]) * 24 > 71


async def test_a_payment_after_the_first_mail_ends_it(town: Town, played: Carts) -> None:
    journey = await town.journey(played.bohumil, RECOVERY)
    mails = await town.api.messages(played.bohumil.email, RECOVERY)
    assert [(mail["step"], mail["state"]) for mail in mails] == [("cart_1h", "sent")]
    assert (journey["state"], journey["reason"]) == ("exited", "cart_paid")
    assert len(await town.api.sent(played.bohumil.email, RECEIPT)) == 1


async def test_a_payment_between_claim_and_send_of_the_second_stops_it(town: Town, played: Carts) -> None:
    mails = await town.api.messages(played.gudrun.email, RECOVERY)
    assert [(mail["step"], mail["state"]) for mail in mails] == [("cart_1h", "sent"), ("cart_24h", "skipped")]
    assert (mails[1]["reason"], mails[1]["attempts"]) == ("cart_paid", 1)
    assert (await town.journey(played.gudrun, RECOVERY))["reason"] == "cart_paid"
    assert len(await town.api.sent(played.gudrun.email, RECEIPT)) == 1


async def test_a_payment_before_the_checkout_event_sends_no_recovery_at_all(town: Town, played: Carts) -> None:
    assert await town.api.messages(played.pelagia.email, RECOVERY) == []
    assert await town.api.journeys(played.pelagia.email, RECOVERY) == []
    assert await town.not_entered(played.pelagia, RECOVERY) == ["cart_paid"]
