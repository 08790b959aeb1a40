"""Lead magnets of five real books without a model: whole sentences, each in its book, nothing left to fill in."""

# ruff: noqa: RUF001 - quotation marks and apostrophes as books print them
from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest

from configuration import load_marketing
from domain.assets import texts
from domain.booklets import pieces
from domain.briefs import Brief
from domain.errors import Invalid
from domain.magnets import MAGNETS, Checklist, FreeChapter, Gift, MiniGuide, Quiz, Worksheet
from domain.sources import Block, Chapter, Document
from providers.llm.books import BOOK_DRAFTS
from providers.llm.books.around import quoted
from providers.llm.books.chapters import called
from providers.llm.books.passages import best_chapter, plain
from providers.llm.books.standing import balanced, stands_alone
from providers.llm.facts import Wish
from providers.llm.offline import OfflineWriter
from providers.protocols import WritingRequest
from tests.books.kit import SHELF, book
from tests.core_kit import CONFIG

MARKETING = load_marketing(CONFIG)
PLACEHOLDER = re.compile(r"\{|\}|\[|\]|TODO|[Ll]orem|None|XX\b")


def brief(name: str, document: Document | None = None) -> Brief:
    return Brief(MARKETING, f"{name}-gift", MARKETING.product(name), document or book(name))


def made(name: str, kind: str) -> Gift:
    return MAGNETS[kind].model_validate(BOOK_DRAFTS[kind](brief(name), Wish()))


def flat(text: str) -> str:
    return re.sub(r"[“”‘’\"']", "", plain(text))


def whole_text(name: str) -> str:
    """The book without quotation marks, which change where a quotation is quoted."""
    blocks = (block for chapter in book(name).chapters for block in chapter.blocks)
    return " ".join(flat(text) for block in blocks for text in (block.text, *block.items))


def quotations(gift: Gift) -> list[str]:
    """What a gift gives out as the book's own words."""
    said = [text[1:-1] for text in gift.landing.bullets if text.startswith("“")]
    if isinstance(gift, Checklist):
        said += [item.text for item in gift.items]
        said += [item.reason for item in gift.items if not item.reason.startswith("It is one of the rules of")]
    if isinstance(gift, MiniGuide):
        said += [text for section in gift.sections for text in section.paragraphs]
    if isinstance(gift, Worksheet):
        said += [prompt.quote for prompt in gift.prompts]
    if isinstance(gift, Quiz):
        said += [found[1] for one in gift.questions if (found := re.match(r"“(.+)” How well", one.text))]
        said += [option.text for one in gift.questions for option in one.options if option.text.startswith("“")]
    return said


@pytest.mark.parametrize(("name", "kind"), list(product(SHELF, MAGNETS)))
def test_each_kind_is_made_of_each_book(name: str, kind: str) -> None:
    gift = made(name, kind)
    source = whole_text(name)
    said = quotations(gift)
    assert len(said) >= 3
    for text in said:
        assert flat(text) in source
        assert text[-1] in ".!?”’"
    for text in texts(gift):
        # A chapter opens a quotation anew in each of its paragraphs.
        assert isinstance(gift, FreeChapter) or balanced(text), text
        assert isinstance(gift, FreeChapter | MiniGuide) or not PLACEHOLDER.search(text), text
    assert gift.note.startswith("Written offline")
    assert all(len(bullet) <= 240 for bullet in gift.landing.bullets)
    assert gift.delivery.offer.endswith(f"https://fieldnotes.example/books/{name}")


@pytest.mark.parametrize("name", SHELF)
def test_a_checklist_begins_no_item_in_the_middle_and_gives_reasons(name: str) -> None:
    gift = made(name, "checklist")
    assert isinstance(gift, Checklist)
    assert 7 <= len(gift.items) <= 12
    assert all(stands_alone(item.text) for item in gift.items)
    assert len({item.text for item in gift.items}) == len(gift.items)
    given = [item.reason for item in gift.items if not item.reason.startswith("It is one of")]
    assert len(given) >= len(gift.items) // 3
    assert len(set(given)) == len(given)


@pytest.mark.parametrize("name", SHELF)
def test_a_chapter_is_given_whole(name: str) -> None:
    gift = made(name, "free_chapter")
    assert isinstance(gift, FreeChapter)
    document = book(name)
    chapter = document.chapters[best_chapter(document)]
    given = " ".join(part for block in gift.blocks for part in (block.heading, block.text, *block.items))
    kept = " ".join(plain(part) for block in chapter.blocks for part in (block.text, *block.items))
    assert given.split() == kept.split()


@pytest.mark.parametrize("name", SHELF)
def test_a_guide_is_about_eight_pages(name: str) -> None:
    words = sum(len(piece.text.split()) for piece in pieces(made(name, "mini_guide")))
    assert 1_600 <= words <= 2_800


@pytest.mark.parametrize("name", SHELF)
def test_a_quiz_can_be_answered_and_its_answers_are_true(name: str) -> None:
    gift = made(name, "quiz")
    assert isinstance(gift, Quiz)
    chapters = {called(one.title): one for one in reversed(book(name).chapters)}
    assert len({question.text for question in gift.questions}) == 10
    for question in gift.questions:
        own = flat(" ".join(part for b in chapters[question.chapter].blocks for part in (b.text, *b.items)))
        if question.text.startswith("Which"):
            right = [option for option in question.options if option.points]
            assert len(right) == 1
            assert [flat(option.text) in own for option in question.options].count(True) == 1
            assert flat(right[0].text) in own
        else:
            assert flat(question.text.split(" How well")[0]) in own
            assert [option.points for option in question.options] == [0, 4, 7, 10]


def test_a_title_follows_the_niche_where_there_is_one() -> None:
    assert made("walden", "checklist").title == "Walden: a checklist for running software quietly"
    without = MARKETING.model_copy(update={"brand": MARKETING.brand.model_copy(update={"niche": ""})})
    plain_title = BOOK_DRAFTS["checklist"](
        Brief(without, "walden-checklist", MARKETING.product("walden"), book("walden")), Wish()
    )
    assert plain_title["title"] == "Walden: a checklist"


def test_a_wish_for_less_gives_less() -> None:
    wish = Wish.read("shorter please")
    short: dict[str, Any] = BOOK_DRAFTS["checklist"](brief("enchiridion"), wish)
    assert len(short["items"]) == 7


@pytest.mark.parametrize("kind", MAGNETS)
async def test_a_book_that_says_too_little_is_refused_in_words(kind: str) -> None:
    blocks = [Block(kind="paragraph", text="It is not much. He said so.")]
    little = Document(format="markdown", title="Little", chapters=[Chapter(title="One", blocks=blocks)])
    request = WritingRequest(kind, MAGNETS[kind], brief=brief("walden", little))
    with pytest.raises(Invalid, match="Walden"):
        await OfflineWriter().write(request)
    with pytest.raises(Invalid, match="by name"):
        await OfflineWriter().write(WritingRequest(kind, MAGNETS[kind]))


def test_quotations_inside_become_single() -> None:
    assert quoted("He said: “Go.”") == "“He said: ‘Go.’”"
    assert quoted("“Go now.”") == "“Go now.”"
