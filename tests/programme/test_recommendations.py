"""What mails recommend after a purchase: a model's choice among what the person does not have, else the catalogue's."""

from __future__ import annotations

import pytest
from pytest_httpserver import HTTPServer

from providers.llm.offline import OfflineWriter
from providers.llm.openai_writer import OpenAIWriter
from store.db import Database
from tests.core_kit import purchase, somebody
from tests.programme.personal_kit import (
    asked,
    bought,
    new_personal,
    question,
    reason,
    recommend,
    recommendation,
    says,
)
from tests.programme.walking import BOOK, Programme, whole

BASICS, TRACING, CAPACITY = "observability-basics", "tracing-deep-dive", "capacity-planning"
NAMES = {
    BASICS: "Observability Basics",
    TRACING: "Tracing Deep Dive",
    CAPACITY: "Capacity Planning",
    "incident-practice": "Incident Practice",
    "on-call-design": "On-call Design",
}


async def shown(
    personal: Programme, email: str, sequence: str = "post_purchase", step: str = "post_purchase_14"
) -> set[str]:
    """The keys of the products that the mail recommends."""
    walked = await personal.walk(await personal.journey(email, sequence))
    message = walked.mails[step]
    whole(message)
    return {key for key, name in NAMES.items() if name in message.text}


async def test_the_mail_recommends_what_the_model_chose(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, {"products": [CAPACITY, TRACING]})
    email = somebody()
    await bought(personal, email, writer, BOOK)
    assert await shown(personal, email) == {CAPACITY, TRACING}
    assert await reason(personal, email, "recommended") == ("model", f"→ {CAPACITY}, {TRACING}")


async def test_the_training_mails_recommend_it_too(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, {"products": [CAPACITY]})
    email = somebody()
    await bought(personal, email, writer, "on-call-design")
    recommended = await shown(personal, email, "purchase_followup", "purchase_day_15")
    assert recommended - {"on-call-design"} == {CAPACITY}


async def test_a_model_is_offered_only_what_the_person_does_not_have_and_did_not_give_back(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, {"products": [CAPACITY]})
    email = somebody()
    number = await purchase(personal, email, TRACING)
    await personal.tell("refund", email, products=[TRACING], payment_intent=f"pi_{number}")
    await bought(personal, email, writer, BOOK)
    (told,) = asked(httpserver)
    catalogue = told.partition('"catalogue"')[2]
    assert f"{CAPACITY}: " in catalogue
    assert f"{TRACING}: " not in catalogue
    assert f"{BOOK}: " not in catalogue


@pytest.mark.parametrize(
    "answer",
    [
        {"products": ["yachts"]},
        {"products": [BOOK]},
        {"products": [BASICS, TRACING, CAPACITY, "incident-practice"]},
        {"products": [CAPACITY], "text": "Buy it today, Ann!"},
        {"products": "everything"},
        "I recommend Capacity Planning.",
    ],
    ids=["unknown", "owned", "too_many", "words_of_its_own", "no_list", "no_json"],
)
async def test_an_answer_outside_the_lists_leaves_the_catalogues_own(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer, answer: object
) -> None:
    says(httpserver, answer)
    email = somebody()
    await bought(personal, email, writer, BOOK)
    assert await reason(personal, email, "recommended") == ("model", "model_unusable")
    assert await shown(personal, email) == {BASICS}


async def test_a_model_that_is_away_leaves_the_catalogues_own(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_data("no", status=503)
    email = somebody()
    await bought(personal, email, writer, BOOK)
    assert await shown(personal, email) == {BASICS}
    assert await reason(personal, email, "recommended") == ("model", "model_away")


async def test_what_was_bought_or_given_back_since_is_left_out(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, {"products": [CAPACITY, TRACING, BASICS]})
    email = somebody()
    await bought(personal, email, writer, BOOK)
    number = await purchase(personal, email, TRACING)
    await personal.tell("refund", email, products=[TRACING], payment_intent=f"pi_{number}")
    await purchase(personal, email, CAPACITY)
    await personal.route()
    assert await shown(personal, email) == {BASICS}


async def test_who_has_everything_is_asked_about_by_nobody(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    email = somebody()
    await bought(personal, email, writer, *(product.key for product in personal.marketing.catalogue))
    assert httpserver.log == []
    assert await recommendation(personal, email) is None


async def test_the_same_purchase_is_asked_about_once(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer
) -> None:
    says(httpserver, {"products": [CAPACITY]})
    email = somebody()
    await bought(personal, email, writer, BOOK)
    given = await question(personal, email, "purchase_completed")
    assert given is not None
    for _ in range(2):
        await recommend(personal, writer, given)
    assert len(httpserver.log) == 1


async def test_without_a_model_what_goes_best_with_it_is_recommended(personal: Programme) -> None:
    email = somebody()
    await bought(personal, email, OfflineWriter(), BOOK)
    row = await recommendation(personal, email)
    assert row is not None
    assert (row.author, len(row.products), row.products[0]) == ("offline", 3, BASICS)


async def test_off_nobody_is_asked_after_a_purchase(db: Database, writer: OpenAIWriter, httpserver: HTTPServer) -> None:
    personal = await new_personal(db, on=False)
    email = somebody()
    assert await bought(personal, email, writer, BOOK) is None
    assert httpserver.log == []
    assert await shown(personal, email) == {BASICS}


async def test_turned_off_again_what_a_model_chose_is_no_longer_recommended(
    personal: Programme, writer: OpenAIWriter, httpserver: HTTPServer, db: Database
) -> None:
    says(httpserver, {"products": [CAPACITY]})
    email = somebody()
    await bought(personal, email, writer, BOOK)
    assert await shown(await new_personal(db, on=False), email) == {BASICS}
