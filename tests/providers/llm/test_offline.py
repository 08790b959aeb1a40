"""The offline writer says what the source says, in the source's words, and that it is one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.assets import texts
from domain.content import FROM_TEXT, TWEET_LIMIT, LinkedInPost, Thread, x_length
from domain.errors import Invalid, ProviderError
from providers.llm.facts import BASE_NOTE, WISH_NOTE
from providers.llm.offline import OfflineWriter
from providers.protocols import Writer, WritingRequest

WRITER: Writer = OfflineWriter()
URL = "https://github.com/acme/widgets/releases/tag/v1.2.0"
LIST = (
    "## Added\n"
    + "\n".join(f"- Export number {n} keeps its order" for n in range(12))
    + "\n\n## Fixed\n- A bug is gone"
)


def release(body: str, **changed: str) -> dict[str, str]:
    return {"repository": "acme/widgets", "tag": "v1.2.0", "name": "Spring", "url": URL, "body": body} | changed


async def _all(source: dict[str, str], instructions: str = "") -> dict[str, Any]:
    return {
        kind.name: (
            await WRITER.write(WritingRequest(kind.name, kind.shape, source=source, instructions=instructions))
        ).value
        for kind in FROM_TEXT.values()
    }


async def test_a_release_of_one_line_is_told_with_plain_facts_around_it() -> None:
    drafts = await _all(release("Fixes a crash when the file is empty."))
    assert drafts["thread"].tweets == [
        "acme/widgets v1.2.0: Spring",
        "Fixes a crash when the file is empty.",
        "Release: Spring",
        "Tag: v1.2.0",
        f"acme/widgets v1.2.0\n{URL}",
    ]
    assert drafts["linkedin"].text == f"acme/widgets v1.2.0: Spring\n\nFixes a crash when the file is empty.\n\n{URL}"
    assert drafts["newsletter"].headline == "acme/widgets v1.2.0: Spring"
    assert drafts["newsletter"].text == f"Fixes a crash when the file is empty.\n\n{URL}"
    assert drafts["descriptions"].descriptions == [
        "acme/widgets v1.2.0: Fixes a crash when the file is empty.",
        "Fixes a crash when the file is empty.",
        "acme/widgets v1.2.0: Spring",
    ]


async def test_a_draft_for_product_hunt_keeps_its_limits_in_the_sources_own_words() -> None:
    body = (
        "Exports are twice as fast now.\n\n" + "The importer reads files of any size, row by row, and keeps going. " * 6
    )
    draft = (await _all(release(body)))["producthunt"]
    assert (draft.name, draft.tagline) == ("widgets", "Exports are twice as fast now.")
    assert draft.description.startswith("Exports are twice as fast now.")
    assert len(draft.description) <= 260
    assert draft.first_comment.endswith(URL)


async def test_a_release_of_two_hundred_lines_is_told_from_its_top() -> None:
    drafts = await _all(release("\n".join(f"- Change number {n} is described here" for n in range(200))))
    tweets = drafts["thread"].tweets
    assert tweets[1] == "• Change number 0 is described here\n• Change number 1 is described here"
    assert all(x_length(tweet) <= TWEET_LIMIT for tweet in tweets)
    assert 1_000 < len(drafts["linkedin"].text) <= 1_300


async def test_statements_that_do_not_fit_together_stand_alone() -> None:
    said = [f"Change number {n} is " + "described at some length here " * 5 + "indeed" for n in range(9)]
    tweets = (await _all(release("\n".join(f"- {text}" for text in said)), "longer"))["thread"].tweets
    assert tweets[1:4] == [said[0], said[3], said[6]]


async def test_headings_stay_over_what_stood_under_them() -> None:
    post = (await _all(release(LIST)))["linkedin"].text
    assert "\n\nAdded\n• Export number 0 keeps its order\n• Export number 1" in post
    assert "\n\nFixed\n• A bug is gone\n\n" in post


async def test_sentences_of_a_paragraph_stay_together() -> None:
    drafts = await _all(release("これは速いです。これは新しいです。\n\nOne thing. Another thing."))
    assert "これは速いです。これは新しいです。\nOne thing. Another thing." in drafts["linkedin"].text
    assert drafts["thread"].tweets[1] == "• これは速いです。\n• これは新しいです。"


@pytest.mark.parametrize(
    "body", ["", "\n \n", "## What's Changed", "**Full Changelog**: https://github.com/a/b/compare/1...2"]
)
@pytest.mark.parametrize("kind", FROM_TEXT)
async def test_a_source_that_says_nothing_is_not_written_about(kind: str, body: str) -> None:
    with pytest.raises(Invalid, match="nothing to write about") as caught:
        await WRITER.write(WritingRequest(kind, FROM_TEXT[kind].shape, source=release(body)))
    assert caught.value.field == "body"


async def test_a_thread_is_not_padded_with_repeats() -> None:
    with pytest.raises(Invalid, match="too little for 5"):
        await WRITER.write(WritingRequest("thread", Thread, source={"body": "One line only."}))


async def test_a_long_sentence_goes_on_whole_in_the_next_posts() -> None:
    sentence = " ".join(f"word{n}" for n in range(80)) + " end."
    tweets = (await _all(release(sentence)))["thread"].tweets
    assert tweets[1].endswith("…")
    assert tweets[2].startswith("… ")
    told = " ".join(tweet.strip("… ") for tweet in tweets[1:3])
    assert told == sentence


async def test_a_sentence_too_long_for_a_thread_is_marked_as_cut() -> None:
    drafts = await _all(release(" ".join(f"word{n}" for n in range(500)) + " end."))
    assert [tweet.endswith("…") for tweet in drafts["thread"].tweets] == [False, True, True, True, False]
    assert re.search(r"word\d+…\n\nhttps", drafts["linkedin"].text)
    assert re.search(r"word\d+…$", drafts["descriptions"].descriptions[1])


async def test_shorter_is_shorter_and_longer_is_longer() -> None:
    source = release("\n".join(f"- Change number {n} is described here" for n in range(200)))
    lengths = [
        len("".join(texts((await _all(source, wish))[k])))
        for k in ("thread", "linkedin")
        for wish in ("shorter", "", "Longer, please")
    ]
    assert lengths[0] < lengths[1] < lengths[2]
    assert lengths[3] < lengths[4] < lengths[5]
    note = (await _all(source, "Make it shorter"))["linkedin"].note
    assert note == BASE_NOTE, "what could be honoured needs no excuse"


async def test_a_wish_that_names_something_in_the_source_puts_it_first() -> None:
    drafts = await _all(release(LIST), "please mention the bug")
    assert drafts["thread"].tweets[1].startswith("• A bug is gone")
    assert drafts["descriptions"].descriptions[0].endswith("A bug is gone")
    assert drafts["thread"].note == f"{BASE_NOTE} {WISH_NOTE}"


async def test_a_wish_that_cannot_be_honoured_varies_the_draft_and_says_so() -> None:
    plain, varied = await _all(release(LIST)), await _all(release(LIST), "more technical")
    for kind in FROM_TEXT:
        assert texts(varied[kind]) != texts(plain[kind])
        assert WISH_NOTE in varied[kind].note
        assert plain[kind].note == BASE_NOTE


async def test_the_same_request_gives_the_same_draft() -> None:
    assert await _all(release(LIST), "more technical") == await _all(release(LIST), "more technical")


async def test_the_draft_says_who_wrote_it_and_that_it_cost_nothing() -> None:
    written = await WRITER.write(WritingRequest("linkedin", LinkedInPost, source=release("Faster.")))
    assert (written.offline, written.model, written.input_tokens, written.output_tokens) == (True, "offline", 0, 0)


async def test_another_kind_is_refused() -> None:
    with pytest.raises(ProviderError) as caught:
        await WRITER.write(WritingRequest("poem", LinkedInPost, source=release("Faster.")))
    assert (caught.value.code, caught.value.permanent) == ("unsupported", True)


@pytest.mark.parametrize(
    ("changed", "headline"),
    [
        ({"name": "v1.2.0"}, "acme/widgets v1.2.0"),
        ({"name": ""}, "acme/widgets v1.2.0"),
        ({"name": "Widgets v1.2.0"}, "acme/widgets: Widgets v1.2.0"),
        ({"name": "acme/widgets v1.2.0"}, "acme/widgets v1.2.0"),
        ({"repository": "", "tag": "", "name": "", "title": "A post"}, "A post"),
    ],
)
async def test_a_headline_says_nothing_twice(changed: dict[str, str], headline: str) -> None:
    drafts = await _all(release("One thing. Two things. Three things. Four things.", **changed))
    assert drafts["newsletter"].headline == headline
    assert drafts["thread"].tweets[0] == headline


async def test_an_address_that_is_none_is_not_passed_on() -> None:
    drafts = await _all(release("Faster.", url="javascript:alert(1)"))
    assert "javascript" not in drafts["linkedin"].text


WORD = re.compile(r"\w+")
# Without what Markdown writes other characters with (entities, encoded addresses), so that words can be compared.
PRINTABLE = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="&_%<")
PROSE = st.lists(st.text(PRINTABLE, min_size=1, max_size=60), max_size=60).map("\n".join)


@settings(max_examples=150, deadline=None)
@given(
    body=PROSE,
    name=st.text(PRINTABLE, max_size=300),
    tag=st.text(PRINTABLE, max_size=60),
    wish=st.sampled_from(["", "shorter", "longer", "bolder"]),
)
async def test_any_source_gives_drafts_of_its_own_words_or_says_why_not(
    body: str, name: str, tag: str, wish: str
) -> None:
    source = release(body, name=name, tag=tag)
    # Markup between two letters goes ("a*b*" is read as "ab"), so the source is compared without any.
    known = " ".join("".join(WORD.findall(value.casefold())) for value in source.values()) + " release tag repository"
    for kind in FROM_TEXT.values():
        try:
            written = await WRITER.write(WritingRequest(kind.name, kind.shape, source=source, instructions=wish))
        except Invalid:
            continue
        for text in texts(written.value):
            assert "…" in text or all(word in known for word in WORD.findall(text.casefold()))
