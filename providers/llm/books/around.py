"""The words around what is given away: the page that offers it and the one that gives it, of configured facts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.briefs import Brief
from domain.catalogue import Product
from domain.errors import Invalid
from domain.magnets import BULLETS, LINE_LIMIT, TITLE_LIMIT
from domain.sources import Document
from providers.llm.books import passages

# As a title has it.
WORDS: Final = {
    "free_chapter": "a free chapter",
    "checklist": "a checklist",
    "mini_guide": "a short guide",
    "quiz": "a quiz",
    "worksheet": "a worksheet",
    "video_transcript": "a video script",
}
QUOTE_LIMIT: Final = 130
NOTE: Final = "Written offline: the quotations are the book's own sentences, the words between them a template."


@dataclass(frozen=True, slots=True)
class Book:
    """The material of a draft, complete."""

    brief: Brief
    product: Product
    document: Document

    @classmethod
    def of(cls, brief: Brief) -> Book:
        """Raises Invalid where there is no book."""
        if brief.product is None or brief.document is None:
            raise Invalid("There is no text to make this from: name a product that has a source.", "source")
        return cls(brief, brief.product, brief.document)

    @property
    def author(self) -> str:
        """Who wrote the book: as the file says, else who the brand's author is."""
        return self.document.author or self.brief.marketing.brand.author

    def title(self, kind: str) -> str:
        """By the brand's niche, where it has one and there is room for it."""
        plain = f"{self.product.name}: {WORDS[kind]}"
        niche = self.brief.marketing.brand.niche
        title = f"{plain} for {niche}" if niche else plain
        return title if len(title) <= TITLE_LIMIT else plain

    def around(self, kind: str, contents: str, *, taken: Sequence[str] = ()) -> dict[str, Any]:
        """Title, landing page and delivery page. `contents` says what is inside, `taken` what is quoted there."""
        title = self.title(kind)
        return {
            "title": title,
            "landing": {
                "headline": title,
                "subtitle": self._subtitle(),
                "bullets": self._bullets(kind, contents, taken),
                "button": "Take the quiz" if kind == "quiz" else "Send it to me",
            },
            "delivery": {
                "headline": title,
                "text": f"Thank you for asking. Here is what you asked for: {contents[0].lower()}{contents[1:]}.",
                "offer": self._offer(),
            },
        }

    def _subtitle(self) -> str:
        told = self.product.description
        return told if told and len(told) <= LINE_LIMIT else f"From {self.product.name} by {self.author}."

    def _offer(self) -> str:
        """What leads to the book, with its address where it has one."""
        where = self.product.intro_url or self.product.url
        return f"The whole book is {self.product.name}: {where}" if where else ""

    def _bullets(self, kind: str, contents: str, taken: Sequence[str]) -> list[str]:
        short = [text for text in taken if len(text) <= QUOTE_LIMIT]
        if len(short) < BULLETS - 2:
            more = passages.passages(self.document, BULLETS, longest=QUOTE_LIMIT, skip=short)
            short += [p.text for p in more]
        last = "Ten questions, and an answer at once" if kind == "quiz" else "As a page to read and a PDF to keep"
        bullets = list(dict.fromkeys([contents, *(quoted(text) for text in short[: BULLETS - 2]), last]))
        if len(bullets) < BULLETS:
            raise Invalid(f"{self.product.name} has too few sentences that can stand alone.", "source")
        return bullets


def quoted(text: str) -> str:
    """In quotation marks; those inside become single ones. What is one quotation already stays as it is."""
    if text.startswith("“") and text.endswith("”") and text.count("“") == 1:
        return text
    inner = text.translate({ord("“"): "‘", ord("”"): "’"})  # noqa: RUF001
    return f"“{inner}”"


def need(found: Sequence[object], fewest: int, product: Product, what: str) -> None:
    """Raises Invalid where a book gives too little."""
    if len(found) < fewest:
        raise Invalid(f"{product.name} gives {len(found)} {what}, and {fewest} are needed.", "source")
