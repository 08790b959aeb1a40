"""What is chosen from a book is whole, stands alone, is in the book, and is spread over it."""

from __future__ import annotations

import pytest

from domain.sources import Block, Chapter, Document
from providers.llm.books import chapters, passages
from providers.llm.books.advising import imperative, usefulness
from providers.llm.books.standing import balanced, stands_alone
from tests.books.kit import SHELF, book

LEANING = [
    "He who lived there had nothing to say about the matter.",
    "But the general must know the ground before the battle.",
    "These military devices must not be divulged beforehand.",
    "In this way the army is kept in good order at all times.",
    "It is a matter of life and death, a road either to safety or to ruin.",
    "The one is commonly transitory, a sound, a tongue, a dialect merely.",
    "When asked, he said nothing, and went away without another word.",
]
CUT = [
    "The rule of the house is written over the door:",
    "“The rule of the house is written over the door.",
    "The rule of the house (see the plan is written over the door.",
    "The rule of the house is written over the door.12",
    "the rule of the house is written over the door.",
    "The rule of the house | is written | over the door.",
    "The rule is given in chapter IV, with all of its exceptions.",
    "For my brother, three pounds of flour and a bushel of rye.",
]
WHOLE = [
    "He who knows when he can fight and when he cannot will be victorious.",
    "It is never too late to give up our prejudices, however old.",
    "The mass of men lead lives of quiet desperation.",
    "No general should fight a battle simply out of pique.",
    "“Lose no time; be always employed in something useful.”",
]


@pytest.mark.parametrize("sentence", WHOLE)
def test_a_whole_sentence_stands_alone(sentence: str) -> None:
    assert stands_alone(sentence)


@pytest.mark.parametrize("sentence", [*(text for text in LEANING if not text.startswith("He who")), *CUT])
def test_what_leans_or_is_cut_does_not(sentence: str) -> None:
    assert not stands_alone(sentence)


def test_advice_is_told_from_narration() -> None:
    for sentence in (
        "Keep your army continually on the move.",
        "When you surround an army, leave an outlet free.",
        "Order. Let all your things have their places; let each part of your business have its time.",
        "Do not repeat the tactics which have gained you one victory.",
    ):
        assert imperative(sentence), sentence
    for sentence in (
        "Every morning was a cheerful invitation to make my life of equal simplicity.",
        "Look was the name of the dog that I had at the time.",
        "Do you see the house that stands at the end of the road?",
        "Let me suggest a few comparisons, that someone may convey an idea.",
    ):
        assert not imperative(sentence), sentence
    assert usefulness("Keep your army continually on the move.") > usefulness("I went to Boston with Mr. Collins.")


@pytest.mark.parametrize("name", SHELF)
def test_passages_are_the_books_own_whole_and_spread(name: str) -> None:
    document = book(name)
    own = chapters.own(document)
    chosen = passages.passages(document, 20)
    assert len(chosen) == 20
    for passage in chosen:
        block = document.chapters[passage.chapter].blocks[passage.block]
        assert any(passage.text in passages.plain(text) for text in (block.text, *block.items))
        assert passage.chapter in own
        assert stands_alone(passage.text)
        assert balanced(passage.text)
    assert len({passage.chapter for passage in chosen}) >= min(7, len(own))
    for index, one in enumerate(chosen):
        for other in chosen[index + 1 :]:
            assert not passages.alike(passages.terms(one.text), passages.terms(other.text))
    assert all(passage.advice for passage in passages.advice(document, 10))
    assert len(passages.key_terms(document)) == 12


@pytest.mark.parametrize("name", SHELF)
def test_the_best_chapter_is_the_books_own_and_one_sitting_long(name: str) -> None:
    document = book(name)
    best = passages.best_chapter(document)
    assert best in chapters.own(document)
    assert 350 <= document.chapters[best].words <= 6_100


def test_what_stands_around_a_book_is_not_the_book() -> None:
    art = book("art-of-war")
    assert [art.chapters[index].title for index in chapters.own(art)][:1] == ["I: Laying Plans"]
    assert len(chapters.own(art)) == 13
    titles = ["Preface", "On Tools", "On Rest", "Bibliography"]
    plain = Document(format="markdown", chapters=[Chapter(title=title, blocks=[]) for title in titles])
    assert chapters.own(plain) == [1, 2]
    assert chapters.called("IX: A Plan") == "A Plan"
    assert chapters.called("IX") == "Chapter IX"


def test_a_verse_loses_its_number_and_a_joiner_its_place() -> None:
    assert passages.plain("12. Keep\u2060— the peace.") == "Keep— the peace."
    text = "3. Keep your army continually on the move, and devise unfathomable plans."
    document = Document(format="markdown", chapters=[Chapter(title="One", blocks=[Block(kind="paragraph", text=text)])])
    assert [p.text for p in passages.everything(document)] == [text[3:]]
