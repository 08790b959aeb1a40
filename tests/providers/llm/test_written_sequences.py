"""Sequences from whole books: the book's sentences and the house's plain words, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from configuration import load_sequences
from domain.briefs import Brief
from domain.content import KINDS
from domain.errors import Invalid
from domain.sources import Block, Chapter, Document, tidy
from domain.written_sequences import WrittenSequence
from providers.llm.offline import OfflineWriter
from providers.protocols import WritingRequest
from providers.reading import read
from tests.core_kit import CONFIG
from tests.written_kit import ALL, brief, folder

BOOKS = ("franklin", "art-of-war", "meditations", "walden", "enchiridion")
# What filters of mailboxes count against a mail, and readers too.
SPAM = re.compile(
    r"(?i:\b(?:act now|last chance|limited time|free|guaranteed?|buy now|urgent|hurry)\b)|!|\b(?![IVXLC]+\b)[A-Z]{4,}"
)
HOLLOW = re.compile(r"lorem|todo|placeholder|\bNone\b|\[\s*\]|\.\s\.|  |“[^”]*$|\bhe or she\b", re.MULTILINE)


@lru_cache(maxsize=1)
def _read() -> dict[str, Document]:
    return {}


async def whole(product: str) -> Document:
    """The book, read once a run."""
    known = _read()
    if product not in known:
        path = CONFIG / "books" / f"{product}.epub"
        known[product] = await read(path, path.name)
    return known[product]


async def write(kind: str, product: str, instructions: str = "", **options: str) -> WrittenSequence:
    given = replace(brief(kind, product, **options), document=await whole(product))
    return await written_of(kind, given, instructions)


async def written_of(kind: str, given: Brief, instructions: str = "") -> WrittenSequence:
    asked = KINDS[f"sequence_{kind}"]
    request = WritingRequest(asked.name, asked.asked_of(given), brief=given, instructions=instructions)
    value = (await OfflineWriter().write(request)).value
    assert isinstance(value, WrittenSequence)
    return value


def quotes(text: str) -> list[str]:
    return re.findall(r"^> “(.+)”$", text, re.MULTILINE)


PAIRS = [*((kind, "franklin") for kind in ALL), *(("welcome", product) for product in BOOKS[1:])]


@pytest.mark.parametrize(("kind", "product"), PAIRS)
async def test_every_quotation_is_a_whole_sentence_of_the_book(kind: str, product: str) -> None:
    book = await whole(product)
    said = tidy(" ".join(text for one in book.chapters for block in one.blocks for text in (block.text, *block.items)))
    found = [quote for mail in (await write(kind, product)).mails for quote in quotes(mail.body)]
    assert found
    for quote in found:
        assert quote in said.replace("\u2060", "")
        assert quote[-1] in ".!?"


@pytest.mark.parametrize("product", BOOKS)
async def test_no_mail_is_hollow_loud_or_twice_the_same(product: str) -> None:
    for kind in ALL:
        made = await write(kind, product)
        bodies = [mail.body for mail in made.mails]
        assert len({mail.subject for mail in made.mails}) == len(made.mails)
        assert len(set(bodies)) == len(bodies)
        for mail in made.mails:
            assert not SPAM.search(re.sub(r"{[{%].*?[%}]}", "", f"{mail.subject} {mail.preheader}")), mail.subject
            assert not HOLLOW.search(mail.body), mail.body
            assert len(mail.body.split()) > 25
            assert mail.subject != mail.preheader


async def test_all_that_is_made_of_two_books_passes_the_check_of_files(tmp_path: Path) -> None:
    made = [await write(kind, product) for kind in ALL for product in ("franklin", "walden")]
    found = {one.sequence: one for one in load_sequences(folder(tmp_path / "config", *made))}
    for one in made:
        assert found[one.sequence.sequence] == one.sequence


async def test_prices_and_deadlines_are_left_to_the_moment_of_sending() -> None:
    """They may change between approval and mail: no figure of them stands in the words."""
    for kind in ALL:
        for mail in (await write(kind, "franklin")).mails:
            words = re.sub(r"{[{%].*?[%}]}", "", f"{mail.subject} {mail.preheader} {mail.body}")
            assert not re.search(r"[$€£]\s?\d|\d\s?%|\b\d+ hours\b", words)


async def test_it_says_that_it_was_written_offline_and_the_same_wish_gives_the_same_words() -> None:
    first, again = await write("cart", "walden"), await write("cart", "walden")
    assert first.model_dump() == again.model_dump()
    assert "offline" in first.note
    assert (await write("cart", "walden", "something else entirely")).mails != first.mails


async def test_what_readers_said_stands_only_where_the_configuration_has_it() -> None:
    given = brief("welcome", "franklin")
    assert given.product is not None
    quoted = {"testimonials": [{"text": "We sleep again.", "by": "Bea Example", "role": "on call"}]}
    product = given.product.model_validate({**given.product.model_dump(), **quoted})
    told = await written_of("welcome", replace(given, product=product, document=await whole("franklin")))
    assert "> “We sleep again.”\n> — Bea Example, on call" in told.mails[2].body
    assert "readers" not in (await write("welcome", "franklin")).mails[2].body


async def test_a_book_that_says_too_little_is_told_so() -> None:
    chapter = Chapter(title="I", blocks=[Block(kind="paragraph", text="So.")])
    thin = Document(format="markdown", title="Thin", chapters=[chapter])
    with pytest.raises(Invalid, match="too few sentences"):
        await written_of("cart", replace(brief("cart"), document=thin))


async def test_a_long_name_still_fits_into_a_subject() -> None:
    for kind in ALL:
        given = brief(kind, "franklin")
        assert given.product is not None
        long = given.product.model_copy(update={"name": "A Name That Goes On And On For Ever " * 3 + ": A Tale"})
        assert await written_of(kind, replace(given, product=long, document=await whole("franklin")))
