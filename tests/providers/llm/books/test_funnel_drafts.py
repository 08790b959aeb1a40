"""Funnels written offline, from all five books: whole sentences of theirs, and nothing that nobody said."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from domain.briefs import Brief
from domain.completing import finished, told
from domain.errors import Invalid
from domain.funnels import STRATEGIES, Funnel, Step
from domain.sources import Block, Chapter, Document
from providers.llm.books.funnels import TELLING
from providers.llm.books.passages import everything, first_paragraph, plain
from providers.llm.facts import BASE_NOTE
from providers.llm.offline import OfflineWriter
from providers.protocols import WritingRequest
from tests.books.kit import SHELF, book
from tests.funnels_kit import MARKETING

HOLLOW = re.compile(
    r"\b(?:lorem|ipsum|todo|tbd|placeholder|(?-i:None)|null)\b|[{}<>\[\]]|\s[.,;:]|[,;:]{2}|\.\.", re.IGNORECASE
)
FIGURE = re.compile(r"[$€£%]|\b(?:hurry|limited|guarantee|today only|readers love|bestsell\w+)\b", re.IGNORECASE)
# What the configuration says, which need not stand in the book.
SAID = {f"{one.name}: {one.description}" for one in MARKETING.catalogue}


def asked(name: str, strategy: str, instructions: str = "") -> WritingRequest[Funnel]:
    options = {"magnet": f"{name}-checklist"}
    brief = Brief(MARKETING, f"{name}-{strategy}", MARKETING.product(name), book(name), options)
    return WritingRequest(f"funnel_{strategy}", Funnel, brief=brief, instructions=instructions)


async def written(request: WritingRequest[Funnel]) -> Funnel:
    value = (await OfflineWriter().write(request)).value
    return finished(request.kind, value, request.brief, datetime.now(UTC))


def of_the_book(step: Step) -> list[str]:
    """What a page says that is not the writer's own frame."""
    return [line for line in step.bullets if line not in SAID]


@pytest.mark.parametrize("name", SHELF)
@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_every_page_says_only_what_the_book_and_the_configuration_say(name: str, strategy: str) -> None:
    made = await written(asked(name, strategy))
    known = {passage.text for passage in everything(book(name))} | {first_paragraph(book(name), most=120)}
    quoted = [line for step in made.steps for line in of_the_book(step)]
    assert len(quoted) >= 8
    assert set(quoted) <= known
    assert len(quoted) == len(set(quoted)), "the same sentence on two pages"
    for step in made.steps:
        for text in (step.headline, step.text, *step.bullets):
            assert not HOLLOW.search(text), text
        frame = f"{step.headline} {step.text} {step.button} {step.decline}"
        for passage in known:
            frame = frame.replace(passage, "")
        assert not FIGURE.search(frame), frame
        assert step.kind == "confirm" or step.button
        assert bool(step.decline) == bool(step.no and step.kind != "capture")
    assert made.note == BASE_NOTE


@pytest.mark.parametrize("name", SHELF)
async def test_each_day_of_a_challenge_is_one_thing_of_the_book_with_its_place(name: str) -> None:
    made = await written(asked(name, "challenge"))
    days = [step for step in made.steps if step.kind == "lesson"]
    titles = {plain(chapter.title) for chapter in book(name).chapters}
    assert [step.headline for step in days] == [f"Day {day}" for day in range(1, 6)]
    assert len({step.paragraphs[0] for step in days}) == 5
    for step in days:
        assert step.paragraphs[0] in {passage.text for passage in everything(book(name))}
        where = step.paragraphs[1].removeprefix("From ").partition(" of ")[0].removeprefix("Chapter ")
        assert any(where in title for title in titles), step.paragraphs[1]


async def test_the_same_request_gives_the_same_draft_and_a_wish_another() -> None:
    once, again = [await written(asked("walden", "value_ladder")) for _ in range(2)]
    assert once == again
    shorter = await written(asked("walden", "value_ladder", "shorter"))
    assert len(shorter.step("main-offer").bullets) < len(once.step("main-offer").bullets)


async def test_a_text_that_says_too_little_makes_no_funnel() -> None:
    chapter = Chapter(title="I", blocks=[Block(kind="paragraph", text="Waste nothing that you have made.")])
    thin = Document(format="markdown", title="Thin", chapters=[chapter])
    brief = Brief(MARKETING, "thin", MARKETING.product("walden"), thin)
    with pytest.raises(Invalid, match="too few sentences"):
        await OfflineWriter().write(WritingRequest("funnel_tripwire", Funnel, brief=brief))
    without = Brief(MARKETING, "none", MARKETING.product("field-guide"))
    with pytest.raises(Invalid, match="give its product a `source`"):
        await OfflineWriter().write(WritingRequest("funnel_tripwire", Funnel, brief=without))


def test_a_writer_is_told_the_plan_and_no_price() -> None:
    request = asked("walden", "webinar")
    assert request.brief
    plan = told(request.kind, request.brief)["plan"]
    assert '"register"' in plan
    assert "walden-checklist" in plan
    assert "7.5" not in plan
    assert told("checklist", request.brief) == {}


async def test_what_sells_a_life_is_its_rules_and_not_what_happened_on_the_way() -> None:
    made = await written(asked("franklin", "value_ladder"))
    quoted = {line for step in made.steps for line in of_the_book(step)}
    assert "Industry. Lose no time; be always employed in something useful; cut off all unnecessary actions." in quoted
    assert not {one.text for one in everything(book("franklin")) if one.score < TELLING} & quoted
