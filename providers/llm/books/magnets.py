"""Lead magnets of a book's own sentences: a chapter, a checklist, a short guide, a worksheet and a script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from domain.briefs import Brief
from domain.sources import Block, Document
from providers.llm.books import chapters, passages
from providers.llm.books.around import NOTE, Book, need, quoted
from providers.llm.books.passages import Passage
from providers.llm.books.standing import balanced
from providers.llm.facts import Wish
from providers.llm.reading import sentences

# By the wish's size (-1, 0, 1).
ITEMS: Final = {-1: 7, 0: 12, 1: 20}
GUIDE_WORDS: Final = {-1: 1_500, 0: 2_300, 1: 3_200}  # of which 2,300 are about eight pages
PROMPTS: Final = {-1: 5, 0: 8, 1: 14}
SPOKEN_PARTS: Final = {-1: 6, 0: 10, 1: 18}
SECTIONS: Final = 8
REASON_LIMIT: Final = 400
NAMED_LIMIT: Final = 600
# How a block begins that goes on with the one before it.
_GOES_ON: Final = ("For ", "Because ", "Thus ", "Hence ", "Therefore ", "Then ", "If, however", "Otherwise", "By ")
ASKED: Final = (
    "Where in your own work does this apply this week?",
    "When did you last do the opposite, and what came of it?",
    "What would you have to stop doing to follow this?",
    "Who else would have to agree, and what would you say to them?",
    "What is the smallest step in this direction that you can take today?",
    "What speaks against it where you work?",
    "How will you notice, in a month, that you have followed it?",
    "Write it once more in your own words.",
)


def free_chapter(brief: Brief, _: Wish) -> dict[str, Any]:
    """The best chapter, whole."""
    book = Book.of(brief)
    index = passages.best_chapter(book.document)
    chapter = book.document.chapters[index]
    name = chapters.called(chapter.title)
    said = passages.passages(book.document, 3, keep=lambda p: p.chapter == index, longest=130)
    contents = f"One whole chapter of {book.product.name}, “{name}”: {chapter.words:,} words"
    blocks = [one for block in chapter.blocks if (one := _block(block))]
    note = f"{NOTE} It is the chapter with the most advice among those of a readable length."
    return {
        **book.around("free_chapter", contents, taken=[p.text for p in said]),
        "chapter": name,
        "blocks": blocks,
        "note": note,
    }


def _block(block: Block) -> dict[str, Any]:
    """A block as it is given away; empty for one that says nothing."""
    text, items = passages.plain(block.text), [passages.plain(item) for item in block.items if item.strip()]
    if not text and not items:
        return {}
    heading = text if block.kind == "heading" else ""
    return {"heading": heading, "text": "" if heading else text, "items": items, "quote": block.kind == "quote"}


def checklist(brief: Brief, wish: Wish) -> dict[str, Any]:
    """What the book tells its reader to do; the reason is what it says next, or elsewhere about the same."""
    book = Book.of(brief)
    most = ITEMS[wish.size]
    found = passages.passages(book.document, most * 2, wish.terms, keep=lambda p: p.advice, longest=240)
    if len(found) < ITEMS[-1]:
        skip = [p.text for p in found]
        found += passages.passages(book.document, ITEMS[-1] - len(found), wish.terms, longest=200, skip=skip)
    need(found, 5, book.product, "pieces of advice")
    reasons: dict[str, str] = {}
    for p in found:
        why = next((text for text in reasons_of(book.document, p) if text not in reasons.values()), "")
        reasons[p.text] = why
    # Those that the book gives a reason for come before the others.
    chosen = sorted(found, key=lambda p: not reasons[p.text])[:most]
    items = [
        {"text": p.text, "reason": reasons[p.text] or f"It is one of the rules of “{p.where}”.", "chapter": p.where}
        for p in sorted(chosen, key=lambda p: (p.chapter, p.block, p.sentence))
    ]
    contents = f"{len(items)} rules from {book.product.name}, each with its reason and its chapter"
    return {
        **book.around("checklist", contents, taken=[p.text for p in chosen]),
        "intro": f"The rules are {book.author}’s own words, in the order of the book.",  # noqa: RUF001
        "items": items,
        "note": NOTE,
    }


def reasons_of(document: Document, passage: Passage) -> Iterator[str]:
    """What the book says right after it, of it by its name, and of the same things in its chapter; the best first."""
    blocks = document.chapters[passage.chapter].blocks[passage.block :]
    said = sentences(passages.plain(blocks[0].text))
    after = said[passage.sentence + 1 : passage.sentence + 2] if blocks[0].text else []
    if not after and len(blocks) > 1 and (following := sentences(passages.plain(blocks[1].text))):
        after = [text for text in following[:1] if text.startswith(_GOES_ON)]
    yield from filter(_explains, after)
    name, dot, _ = passage.text.partition(". ")
    if dot and " " not in name:
        named = re.compile(rf"\b{re.escape(name)}\b")
        prose = (text for block in blocks[1:] for text in sentences(passages.plain(block.text)))
        yield from (text for text in prose if named.search(text) and _explains(text, NAMED_LIMIT))
    own = passages.terms(passage.text)
    near = [p for p in passages.everything(document) if p.chapter == passage.chapter and p.text != passage.text]
    shared = {p.text: len(passages.terms(p.text) & own) for p in near if not p.advice}
    yield from sorted((text for text in shared if shared[text] > 1), key=lambda text: -shared[text])


def _explains(text: str, most: int = REASON_LIMIT) -> bool:
    """Whether a sentence is whole and long enough to be a reason; it may lean on the one that it follows."""
    return (
        40 <= len(text) <= most  # noqa: PLR2004
        and text[0].isupper()
        and balanced(text)
        and passages.whole([text])
        and not text.startswith(("So much for", "Such is", "Thus much"))
        and not text.endswith("?")
    )


def mini_guide(brief: Brief, wish: Wish) -> dict[str, Any]:
    """Whole paragraphs of the chapters that say most, in the book's order."""
    book = Book.of(brief)
    sections = list(_sections(book.document, GUIDE_WORDS[wish.size]))
    need(sections, 3, book.product, "chapters with paragraphs that stand alone")
    best = passages.passages(book.document, 3, wish.terms, longest=130)
    contents = f"Passages from {len(sections)} chapters of {book.product.name}, each under its chapter’s name"  # noqa: RUF001
    return {
        **book.around("mini_guide", contents, taken=[p.text for p in best]),
        "intro": f"What {book.author} says in {book.product.name}, passage by passage, in the order of the book.",
        "sections": sections,
        "note": NOTE,
    }


def _sections(document: Document, budget: int) -> Iterator[dict[str, Any]]:
    """As many words as are wanted: of few long chapters several paragraphs each, of many short ones one or two."""
    worth = _worth(document)
    share = budget // SECTIONS
    chosen: dict[int, list[str]] = {}
    left = budget
    for index in worth:
        said = _within(document, index, min(share, left))
        if said:
            chosen[index] = said
            left -= sum(len(text.split()) for text in said)
        if left < share // 3 or len(chosen) == 24:  # noqa: PLR2004 - as many as a guide may have
            break
    for index in sorted(chosen):
        name = chapters.called(document.chapters[index].title)
        yield {"heading": name, "chapter": name, "paragraphs": chosen[index]}


def _worth(document: Document) -> list[int]:
    """The book's own chapters, those with the best passages first."""
    best: dict[int, float] = {}
    for passage in passages.everything(document):
        best[passage.chapter] = max(best.get(passage.chapter, 0.0), passage.score)
    return sorted(best, key=lambda index: (-best[index], index))


def _within(document: Document, index: int, words: int) -> list[str]:
    """Paragraphs of a chapter, those with the best sentences, in order, of about so many words."""
    scores = {p.text: p.score for p in passages.everything(document) if p.chapter == index}
    found = list(passages.paragraphs(document.chapters[index], fewest=12, most=180))
    ranked = sorted(found, key=lambda text: -max((scores.get(said, 0.0) for said in sentences(text)), default=0.0))
    chosen: set[str] = set()
    for text in ranked:
        size = len(text.split())
        if size <= words:
            chosen.add(text)
            words -= size
    return [text for text in dict.fromkeys(found) if text in chosen]


def worksheet(brief: Brief, wish: Wish) -> dict[str, Any]:
    """A sentence of the book, a question about it, and room for the answer."""
    book = Book.of(brief)
    found = passages.passages(book.document, PROMPTS[wish.size], wish.terms, longest=220)
    need(found, 5, book.product, "sentences that stand alone")
    prompts = [
        {"quote": quoted(p.text), "text": ASKED[place % len(ASKED)], "chapter": p.where, "lines": 6}
        for place, p in enumerate(found)
    ]
    contents = f"{len(prompts)} sentences from {book.product.name}, each with a question and room to write"
    return {
        **book.around("worksheet", contents, taken=[p.text for p in found]),
        "intro": f"Read what {book.author} says, then answer for yourself. Short answers are enough.",
        "prompts": prompts,
        "note": NOTE,
    }


def video_transcript(brief: Brief, wish: Wish) -> dict[str, Any]:
    """The book's best sentences, each with what follows it, to be read aloud."""
    book = Book.of(brief)
    found = passages.passages(book.document, SPOKEN_PARTS[wish.size], wish.terms, longest=240)
    need(found, 4, book.product, "sentences that stand alone")
    ordered = sorted(found, key=lambda p: (p.chapter, p.block, p.sentence))
    contents = f"{len(ordered)} passages from {book.product.name}, to be read aloud"
    parts = [f"This is {book.product.name}, by {book.author}, in {len(ordered)} short passages.", *_read(ordered)]
    return {
        **book.around("video_transcript", contents, taken=[p.text for p in found]),
        "paragraphs": [{"text": text} for text in (*parts, f"That was {book.product.name}, by {book.author}.")],
        "note": NOTE,
    }


def _read(found: Sequence[Passage]) -> Iterator[str]:
    for passage in found:
        yield f"From “{passage.where}”: {passage.text}"
