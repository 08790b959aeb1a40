"""What a funnel is made of, and what comes next in it: every way that a visitor can go."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from pydantic import ValidationError

from domain.catalogue import Product
from domain.errors import Conflict, Invalid
from domain.funnel_flow import Done, may_open, next_step, opening, price_of, standing
from domain.funnel_plan import bump_of, bundle_of, complete, plan
from domain.funnels import STRATEGIES, Funnel
from tests.funnels_kit import MARKETING, brief, changed, funnel, words

BOOKS = [product.key for product in MARKETING.catalogue if product.source]
LIST = Decimal("14.99")
Way = list[tuple[str, Done]]


def ways(made: Funnel) -> Iterator[Way]:
    """Every way from the first page to the end: at each step each answer that it takes."""

    def onward(key: str, gone: Way) -> Iterator[Way]:
        step = made.step(key)
        if step.kind == "confirm":
            yield [*gone, (key, Done())]
            return
        answers = [("paid", Done(accepted=True, paid=True))] if step.sells else [("accepted", Done(accepted=True))]
        if step.no:
            answers.append(("declined", Done(declined=True)))
        for word, done in answers:
            yield from onward(next_step(step, word), [*gone, (key, done)])  # type: ignore[arg-type]

    yield from onward(made.first.key, [])


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("product", BOOKS)
def test_every_way_ends_at_the_confirmation_and_is_the_one_on_record(strategy: str, product: str) -> None:
    made = funnel(strategy, brief(product))
    walked: set[str] = set()
    for way in ways(made):
        history: dict[str, Done] = {}
        for key, done in way:
            assert standing(made, history) == key
            assert opening(made, history, key) == key
            history[key] = done
            walked.add(key)
        assert way[-1][0] == "confirmation"
    assert walked == {step.key for step in made.steps}, "a step that no way leads to"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nobody_opens_what_they_have_not_come_to(strategy: str) -> None:
    made = funnel(strategy)
    for way in ways(made):
        history: dict[str, Done] = {}
        for key, done in way:
            come_to = {made.first.key, *history, key, *(step.key for step in made.steps if step.opens)}
            open_now = {step.key for step in made.steps if may_open(made, history, step.key)}
            assert open_now == come_to
            assert all(opening(made, history, step.key) == key for step in made.steps if step.key not in open_now)
            history[key] = done


def test_what_was_paid_is_not_sold_again() -> None:
    made = funnel()
    bought = {"main-offer": Done(accepted=True, paid=True)}
    assert opening(made, bought, "main-offer") == "bundle"
    both = bought | {"bundle": Done(accepted=True, paid=True)}
    assert opening(made, both, "main-offer") == opening(made, both, "bundle") == "confirmation"


def test_who_left_the_till_without_paying_is_led_where_a_no_leads() -> None:
    made = funnel()
    left = {"opt-in": Done(accepted=True), "thank-you": Done(accepted=True), "main-offer": Done(accepted=True)}
    assert standing(made, left) == "last-offer"
    assert may_open(made, left, "last-offer")
    assert not may_open(made, left, "bundle")


@pytest.mark.parametrize(
    ("key", "decision"),
    [("opt-in", "declined"), ("opt-in", "paid"), ("confirmation", "accepted"), ("thank-you", "paid")],
)
def test_an_answer_that_a_page_does_not_take_is_refused(key: str, decision: str) -> None:
    with pytest.raises(Conflict):
        next_step(funnel().step(key), decision)  # type: ignore[arg-type]


def test_the_readers_price_is_for_who_accepted_the_offer() -> None:
    made = funnel()
    main = made.step("main-offer")
    accepted = {"thank-you": Done(accepted=True)}
    assert price_of(main, {}, made, LIST) == LIST
    assert price_of(main, {"thank-you": Done(declined=True)}, made, LIST) == LIST
    assert price_of(main, accepted, made, LIST) == Decimal("7.99")
    assert price_of(main, accepted, made, Decimal(5)) == 5, "a promotion that is lower holds for everybody"


def test_the_value_ladder_is_the_one_of_the_specification() -> None:
    made = funnel(magnet="franklin-checklist")
    assert [step.key for step in made.steps] == [
        "opt-in", "thank-you", "main-offer", "bundle", "downsell", "last-offer", "confirmation",
    ]  # fmt: skip
    targets = {step.key: step.target for step in made.steps if step.target is not None}
    assert targets == {"opt-in": 0.4, "thank-you": 0.1, "bundle": 0.15, "downsell": 0.25, "last-offer": 0.25}
    main, bundle = made.step("main-offer"), made.step("bundle")
    assert (main.reader_price, main.bump_target) == (Decimal("7.99"), 0.3)
    assert main.bump
    assert (main.bump.product, main.bump.price) == ("meditations", Decimal(7))
    assert (bundle.price, len(bundle.products)) == (Decimal(39), 4)
    assert {"franklin", "meditations"}.isdisjoint(bundle.products), "never what the buyer may have ordered just before"
    assert made.step("downsell").price == Decimal("7.50")
    assert made.magnet == "franklin-checklist"


def test_without_a_related_book_the_bump_is_the_templates_and_without_both_there_is_none() -> None:
    alone = [{**one.model_dump(), "related": []} for one in MARKETING.catalogue]
    without = MARKETING.model_copy(update={"catalogue": [Product.model_validate(one) for one in alone]})
    product = without.product("franklin")
    assert product
    bump = bump_of(without, product)
    assert bump
    assert (bump.product, bump.name, bump.price) == ("templates", "The runbook templates", Decimal(12))
    bare = without.model_copy(update={"programme": without.programme.model_copy(update={"templates": None})})
    assert bump_of(bare, product) is None
    assert funnel("value_ladder", brief(marketing=bare)).step("main-offer").bump_target is None


def test_a_price_that_saves_nothing_makes_no_step() -> None:
    dear = changed(funnels={"bundle": {"price": 60}, "downsell": {"price": 15}, "offer": {"price": 14.99}})
    made = funnel("value_ladder", brief(marketing=dear))
    assert [step.key for step in made.steps] == ["opt-in", "main-offer", "confirmation"]
    product = dear.product("franklin")
    assert product
    assert bundle_of(dear, product, None) != [], "without the bump there is one more book to save on"


@pytest.mark.parametrize(
    ("section", "field"),
    [({"offer": {"price": "0"}}, "funnels.offer.price"), ({"bundle": {"target": 15}}, "funnels.bundle.target"),
     ({"bump": {"cost": 7}}, "funnels.bump.cost"), ({"days": 0}, "funnels.days")],
)  # fmt: skip
def test_a_wrong_value_of_the_configuration_is_named(section: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        changed(funnels=section)
    assert ".".join(map(str, caught.value.errors()[0]["loc"])) == field


def test_a_writer_gives_words_for_all_steps_and_decides_nothing_else() -> None:
    given = brief()
    answer = words(given, "value_ladder")
    answer["steps"][2] |= {"price": "0.01", "products": ["walden"], "yes": "confirmation"}
    made = complete(Funnel.model_validate(answer), given, "value_ladder")
    assert made == funnel(), "what a model says of prices and ways does not count"
    schema = Funnel.model_json_schema()
    assert set(schema["$defs"]["Step"]["properties"]) == {"key", "headline", "text", "bullets", "button", "decline"}
    assert set(schema["properties"]) == {"description", "steps"}
    fewer = {**answer, "steps": words(given, "value_ladder")["steps"][:-1]}
    with pytest.raises(Invalid, match="confirmation"):
        complete(Funnel.model_validate(fewer), given, "value_ladder")


def test_a_step_leads_forwards_only() -> None:
    made = funnel().model_dump()
    made["steps"][3]["no"] = "opt-in"
    with pytest.raises(ValidationError, match="bundle leads to opt-in"):
        Funnel.model_validate(made)


def test_no_strategy_and_no_product_are_refused_with_what_there_is() -> None:
    with pytest.raises(Invalid, match="value_ladder, tripwire, webinar, challenge"):
        plan(brief(), "pyramid")
    with pytest.raises(Invalid, match="name the product"):
        plan(brief("nothing"), "tripwire")
