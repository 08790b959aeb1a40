"""A checkout that was not completed: each person gets the reminders that they should, and no more."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import pytest

from demo.calendar import eventually
from demo.client import Json
from tests.journeys import rows
from tests.journeys.shop import buy, check_out
from tests.journeys.town import Person, Town, days, due

pytestmark = pytest.mark.timeout(900)
AFTER_S = 64

RECOVERY, RECEIPT = "cart_recovery", "order_receipt"
# An hour is a twelfth of a second here, or a few. What a machine out of breath spoiled is played again by another.
AT_MOST_LATE_DAYS = 0.5
TRIES = 5
LOOK_EVERY_S = 0.02


@dataclass(frozen=True)
class Carts:
    """Nepomuka and Nikephoros never pay, Bohumil does after the first mail, Gudrun between the claim and the send
    of the second, and Pelagia before the checkout event arrives.
    """

    nepomuka: Person
    nikephoros: Person
    bohumil: Person
    pelagia: Person
    gudrun: Person


async def play(town: Town) -> Carts:
    async with town.undisturbed:
        nepomuka, nikephoros, bohumil, pelagia = await asyncio.gather(
            _in_time(town, "Nepomuka", _never_pays),
            _in_time(town, "Nikephoros", _never_pays),
            _in_time(town, "Bohumil", _after_the_first),
            _in_time(town, "Pelagia", _before_the_event),
        )
        gudrun = await _between_claim_and_send(town)
    return Carts(nepomuka, nikephoros, bohumil, pelagia, gudrun)


async def _in_time(town: Town, name: str, play_one: Callable[[Town, Person], Awaitable[None]]) -> Person:
    """Who it was played with in the end: each reminder was looked at within half a day of its time."""
    for again in range(TRIES):
        person = town.person(name + "a" * again)
        await play_one(town, person)
        mails = await town.api.messages(person.email, RECOVERY)
        if all(days(mail["due_at"], mail["created_at"]) < AT_MOST_LATE_DAYS for mail in mails):
            return person
    raise AssertionError(f"this machine was too late in {TRIES} tries")


def _cart_of(person: Person) -> str:
    """The shop's own id of the person's cart."""
    return f"cart-{person.email.partition('@')[0]}"


async def _starts(town: Town, person: Person) -> datetime:
    await check_out(town, person, _cart_of(person))
    return await town.begin(person, RECOVERY)


async def _pays(town: Town, person: Person) -> None:
    await buy(town, person, "field-guide", cart=_cart_of(person))
    await town.sent(person, RECEIPT)


async def _never_pays(town: Town, person: Person) -> None:
    start = await _starts(town, person)
    await town.until(start, 3)
    await town.ended(person, RECOVERY)


async def _after_the_first(town: Town, bohumil: Person) -> None:
    start = await _starts(town, bohumil)
    await eventually(lambda: _message(town, bohumil, "cart_1h", "sent"), "the first reminder", every_s=0.1)
    await _pays(town, bohumil)
    await town.until(start, 3)


async def _before_the_event(town: Town, pelagia: Person) -> None:
    await _pays(town, pelagia)
    await check_out(town, pelagia, _cart_of(pelagia))
    await eventually(lambda: town.not_entered(pelagia, RECOVERY), "the reason why there is no recovery")


async def _between_claim_and_send(town: Town) -> Person:
    """The mailbox refuses the first attempt for an hour; the workers are held still meanwhile."""
    for again in range(TRIES):
        gudrun = town.person("Gudrun" + "a" * again, tag="greylisted")
        start = await _starts(town, gudrun)
        await town.until(start, 0.95)
        seen = await eventually(partial(_claimed, town, gudrun), "the second reminder", every_s=LOOK_EVERY_S)
        with town.frozen("worker-1", "worker-2"):
            seen = await _claimed(town, gudrun) or seen
            paying = asyncio.create_task(_pays(town, gudrun))
            await asyncio.wait({paying}, timeout=1)
        await paying
        await town.ended(gudrun, RECOVERY)
        if seen["state"] == "claimed":
            return gudrun
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
        (code,) = await rows.codes(town.db, await rows.cart(town.db, _cart_of(person)))
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
    cart = await rows.cart(town.db, _cart_of(played.nepomuka))
    (code,) = await rows.codes(town.db, cart)
    journey = await town.journey(played.nepomuka, RECOVERY)
    assert cart.hold_until is not None
    assert code.percent == 10
    assert days(journey["started_at"], cart.hold_until.isoformat()) == pytest.approx(3, abs=0.5)
    assert code.expires_at == cart.hold_until


async def test_the_last_chance_tells_the_true_time_left(town: Town, played: Carts) -> None:
    cart = await rows.cart(town.db, _cart_of(played.nepomuka))
    last = (await town.api.sent(played.nepomuka.email, RECOVERY))[-1]
    told = int(re.fullmatch(r"(\d+) hours? left on your 10%", last["subject"])[1])  # type: ignore[index]
    # It was written between its time and its sending.
    left = [days(last[at], cart.hold_until.isoformat()) * 24 for at in ("due_at", "sent_at")]  # type: ignore[union-attr]
    assert left[1] - 1 <= told <= left[0] + 1


async def test_the_cart_is_released_at_72_hours(town: Town, played: Carts) -> None:
    cart = await rows.cart(town.db, _cart_of(played.nepomuka))
    journey = await town.journey(played.nepomuka, RECOVERY)
    assert (cart.state, journey["reason"]) == ("released", "released")
    assert days(journey["started_at"], journey["ended_at"]) * 24 > 71


async def test_a_payment_after_the_first_mail_ends_it(town: Town, played: Carts) -> None:
    journey = await town.journey(played.bohumil, RECOVERY)
    assert [mail["step"] for mail in await town.api.sent(played.bohumil.email, RECOVERY)] == ["cart_1h"]
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
