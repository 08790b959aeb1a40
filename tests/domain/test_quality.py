"""Each check says what is there to be said, about the sentence that it is in, and nothing of what is right."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.assets import Asset
from domain.content import KINDS, LinkedInPost, SeoDescriptions, Thread
from domain.quality import Finding, Ground, Opinion, Quality, Remark, judge

SOURCE = {"body": "The importer reads large files twice as fast. Exports keep their column order."}
LINK = "https://example.com/releases/v2"
GOOD = "Exports keep their column order. " * 5 + LINK


def of(text: str, source: Mapping[str, str] = SOURCE, *, examples: list[Asset] | None = None) -> Quality:
    return judge(KINDS["linkedin"], LinkedInPost(text=text), Ground.of(source), examples or [])


def found(quality: Quality, check: str) -> list[tuple[str, str]]:
    return [(one.sentence, one.text) for one in quality.findings if one.check == check]


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("The the importer reads files.", "“The” stands there twice."),
        ("It is an useful importer.", ""),  # old and disputed usage is let be
        ("It is a importer for files.", "Before “importer” stands “an”."),
        ("It is an file of columns.", "Before “file” stands “a”."),
        ("It took an hour and a URL, a one-off by a European at a university.", ""),
        ("There is an MP3, an X-ray and an honest heir.", ""),
        ("Their is a file here.", "“their” should be “there”."),
        ("You could of read it.", "“of” should be “have”."),
        ("It keeps it's own order.", "“it’s” should be “its”."),  # noqa: RUF001
        ("Here i am again.", "“I” is written with a capital."),
        ("It reads,, then writes.", "“,,” does not belong there like this."),
        ("It reads it!! Now.", "“!!” does not belong there like this."),
        ("He had had it, and that that was there.", ""),
        ("It waits... and then it goes on.", ""),
        ("See e.g. the importer by J. Doe, Mr. Roe and others, i.e. us.", ""),
        ("Hello {{ contact.first_name }}, <b>read</b> it at https://example.com/a,,b.", ""),
        ("Alas! how few keep “it” (or not).", ""),
        ("It keeps (the order of columns.", "( and ) are not paired."),
        ("1) It reads. 2) It writes. a) It stays :)", ""),
    ],
)  # fmt: skip
def test_a_slip_is_told_and_what_is_right_is_not(sentence: str, told: str) -> None:
    result = of(sentence)
    slips = found(result, "grammar")
    assert [text for _, text in slips] == ([told] if told else [])
    assert all(one in sentence for one, _ in slips)
    assert (result.scores["grammar"] < 1) == bool(told)


def test_a_sentence_after_a_full_stop_begins_with_a_capital_and_the_last_one_ends() -> None:
    result = of("Exports keep order. it is fast. The importer reads all files at once")
    assert found(result, "grammar") == [
        ("it is fast.", "It begins with a small letter."),
        ("The importer reads all files at once", "It has no mark at its end."),
    ]


def test_what_the_source_says_letter_by_letter_is_not_corrected() -> None:
    old = "It was an hundred years, and and no more."
    assert found(of(old, {"body": "no such words"}), "grammar")
    assert not found(of(old, {"body": f"Before.\n{old.replace('and and', '*and* and')} After."}), "grammar")


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("It is 40% faster than before.", "The source has no 40."),
        ("It is used by Amazon for large files.", "The source does not name Amazon."),
        ("Revolutionary blockchain synergy unlocks unprecedented growth.", "The source does not speak of this: "),
        ("Exports are twice as fast on a Monday in March.", ""),
        ("Read Chapter 7 and order it for $14.99.", ""),
        ("Written by Mira Lindqvist.", ""),
        ("The guide has 4,266 words, as God and The Art would have it.", ""),
        ("How To Keep The Order Of Columns In Exports", ""),
    ],
)
def test_a_claim_that_neither_source_nor_configuration_makes_is_named(sentence: str, told: str) -> None:
    ground = Ground.of(SOURCE, ['{"author": "Mira Lindqvist", "price": "14.99"}'])
    result = judge(KINDS["linkedin"], LinkedInPost(text=f"Exports keep their column order.\n{sentence}"), ground)
    claims = found(result, "relevance")
    assert [(one, text.startswith(told)) for one, text in claims] == ([(sentence, True)] if told else [])


def test_how_many_parts_an_asset_has_is_no_claim() -> None:
    tweets = [
        "Exports in 5 posts.",
        *(f"Exports keep their column order, {word}." for word in ("one", "two", "x", "y")),
    ]
    assert not found(judge(KINDS["thread"], Thread(tweets=tweets), Ground.of(SOURCE)), "relevance")


def test_a_draft_of_the_source_s_words_scores_above_one_of_other_words() -> None:
    faithful = of(f"The importer reads large files twice as fast. {LINK}")
    invented = of(f"Revolutionary blockchain synergy unlocks unprecedented growth. {LINK}")
    assert faithful.scores["relevance"] == 1.0
    assert invented.scores["relevance"] == 0.0
    assert faithful.overall > invented.overall


def test_without_a_source_nothing_is_said_of_relevance() -> None:
    assert "relevance" not in of(GOOD, {}).scores


def test_long_words_in_long_sentences_are_hard_to_read_and_the_longest_is_named() -> None:
    easy = of("Exports keep their order. The files are read fast. You can see it now.")
    long = "Organisational interoperability considerations " * 18 + "prevail."
    hard = of(long)
    assert easy.scores["readability"] == 1.0
    assert hard.scores["readability"] == 0.0
    assert found(hard, "readability") == [(long, "It has 55 words.")]
    assert "readability" not in of("日本語の文章です。これは二つ目の文です。").scores


def test_the_tone_is_measured_against_approved_examples_and_absent_without_any() -> None:
    quiet = [LinkedInPost(text="Exports keep their column order. The importer reads large files twice as fast.")]
    near = of("The importer keeps the column order. Exports of large files are fast.", examples=[*quiet])
    loud = of("You will LOVE it! Your mind is blown! Wow! Buy!", examples=[*quiet])
    assert "tone" not in of(GOOD).scores
    assert near.scores["tone"] > 0.9
    assert loud.scores["tone"] < 0.5
    assert ("Wow!", "Nothing that was approved of this kind exclaims.") in found(loud, "tone")


def test_a_post_leads_somewhere_a_page_asks_for_something_and_a_description_need_not() -> None:
    assert found(of("Exports keep their column order."), "call_to_action") == [
        ("Exports keep their column order.", "It has no link.")
    ]
    described = SeoDescriptions(descriptions=["Exports keep order", "Exports keep columns", "Large files"])
    assert "call_to_action" not in judge(KINDS["descriptions"], described, Ground.of(SOURCE)).scores


def test_advice_follows_the_mean_of_the_checks_that_apply() -> None:
    good = of(GOOD)
    assert (good.overall, good.advice, good.urgent) == (1.0, "approve", False)
    poor = of("Synergy " * 60)
    assert (poor.advice, poor.urgent) == ("review carefully", True)
    assert good.overall == round(sum(good.scores.values()) / len(good.scores), 2)


def test_a_model_s_opinion_is_one_check_among_the_others() -> None:
    bad = Opinion(score=0.0, remarks=[Remark(sentence="Exports keep their column order.", why="It says nothing new.")])
    asset = LinkedInPost(text=GOOD)
    without, with_it = (judge(KINDS["linkedin"], asset, Ground.of(SOURCE), (), said) for said in (None, bad))
    assert "opinion" not in without.scores
    assert with_it.overall == round(5 / 6, 2)
    assert with_it.findings == [
        Finding(check="opinion", sentence="Exports keep their column order.", text="It says nothing new.")
    ]
    with pytest.raises(ValidationError, match="between 0 and 1"):
        Opinion(score=7, remarks=[])


@given(st.text(min_size=1, max_size=200), st.text(max_size=200))
def test_quality_is_between_nothing_and_all(text: str, source: str) -> None:
    try:
        post = LinkedInPost(text=text)
    except ValidationError:
        return
    result = judge(KINDS["linkedin"], post, Ground.of({"body": source}), [post])
    assert all(0.0 <= score <= 1.0 for score in [*result.scores.values(), result.overall])
    assert all(finding.sentence in post.text for finding in result.findings)


def test_eight_pages_are_judged_against_a_book_in_a_part_of_a_second() -> None:
    book = {"body": " ".join(f"Sentence {n} of a long book is about order and files." for n in range(15_000))}
    post = LinkedInPost.model_construct(text=" ".join(f"Page words {n} keep order and files." for n in range(600)))
    judge(KINDS["linkedin"], post, Ground.of(book))  # the book itself is read once
    begun = time.process_time()
    judge(KINDS["linkedin"], post, Ground.of(book))
    assert time.process_time() - begun < 1.0
