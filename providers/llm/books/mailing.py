"""What the mails about a book are made of: its product, its author, and sentences of it that can stand in a mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import shorten
from typing import Final

from domain.briefs import Brief
from domain.catalogue import Product
from domain.errors import Invalid
from domain.mail_words import SUBJECT_CHARS
from domain.sources import Document
from providers.llm.books import chapters
from providers.llm.books.passages import Passage, advice, first_paragraph, key_terms, passages
from providers.llm.books.words import VERBS
from providers.llm.facts import Wish

HI: Final = 'Hi {{ contact.first_name | given_name | default: "there" }},'
TO_BOOK: Final = "{% if book.url %}\n\n[To the book]({{ book.url }})\n\n{% endif %}"
FEWEST: Final = 3
CHAPTERS_SHOWN: Final = 6
_UNFIT: Final = re.compile(r"[“”\"(){}\[\]*<>%]|\bi\. ?e\.|^(?:For|But|And|Now|My|I) |\b[A-Z]{3,}")
# An order not to do something, at the beginning of a sentence or of a part of it.
_WARNING: Final = re.compile(
    r"(?:^|\. )[A-Z][a-z]+ (?:not|no)\b|(?:^|[.;:,] )(?i:do not|never|avoid|be not|let us (?:not|never))\b"
)
# What nobody wants to find beside a price, however true it is where it stands.
_GRIM: Final = re.compile(
    r"\b(?:death|dead|dies?|died|dying|kill\w*|slain|corpses?|exile|slaves?|girls?|wom[ae]n|wife|wives|savages?|flames"
    r"|nobody|burn\w*|prison\w*)\b",
    re.IGNORECASE,
)
# What tells of somebody, at some time, is no thought for a mail.
_TELLS: Final = re.compile(
    r"\b(?:I|me|my|his|her|she|him|you knew|was|were|had|did|said|therefore|yesterday|Mr|Mrs|Dr)\b|\d", re.IGNORECASE
)
_CLAUSE: Final = re.compile(r"[.;:!?]\s*")
_CLAUSE_WORDS: Final = range(3, 10)
_CLAUSE_CHARS: Final = 60
_LINE_CHARS: Final = 72
_EARLY: Final = 3
_NAME_CHARS: Final = 60
_LEADS_ON: Final = re.compile(r"^(?:and|but|for|or|nor|so|then|if|when|that|which|as)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Material:
    """A book as its mails see it. `sayings` are whole sentences of it, the best first, none of them like another."""

    product: Product
    author: str
    sayings: list[Passage]
    opening: str
    chapters: list[str]
    topics: list[str]

    @classmethod
    def of(cls, brief: Brief, wish: Wish, count: int) -> Material:
        """With `count` sayings, where the book has as many. Raises Invalid for one that says too little."""
        product, document = brief.product, brief.document
        if product is None or document is None:
            raise Invalid("A sequence is written from a product's book: name a product with a `source`.", "product")
        longest = 170 if wish.size < 0 else 230
        found = [one for one in advice(document, count + 6, longest=longest) if _mild(one.text)]
        more = passages(document, count + 4, wish.terms, keep=_fit, longest=longest, skip=[one.text for one in found])
        sayings = sorted([*found, *more], key=lambda one: not wish.terms & set(one.text.casefold().split()))
        if len(sayings) < FEWEST:
            raise Invalid(f"{document.title or product.name} has too few sentences that can stand alone.", "source")
        start = sum(wish.text.encode()) % len(sayings) if wish.text and not wish.terms else 0
        own = [document.chapters[index].title for index in chapters.own(document)]
        return cls(
            product=product,
            author=document.author or "the author",
            sayings=[*sayings[start:], *sayings[:start]],
            opening=_opening(document),
            chapters=[title for one in own if not (title := chapters.called(one)).startswith(("Chapter ", "Book "))],
            topics=[word for word in key_terms(document, 40) if word not in VERBS and not word.endswith(("ed", "ble"))],
        )

    @property
    def name(self) -> str:
        """What is sold, by its name; a long one without its subtitle, so that it fits into a subject."""
        name = self.product.name
        return name if len(name) <= _NAME_CHARS else shorten(name.partition(":")[0], _NAME_CHARS, placeholder=" …")

    def saying(self, number: int) -> Passage:
        """The one of that number; a book with few of them says one again."""
        return self.sayings[number % len(self.sayings)]

    def warning(self, after: int) -> Passage | None:
        """One that says what not to do, other than the first `after`; None where the book has none."""
        return next((one for one in self.sayings[after:] if _WARNING.search(one.text)), None)

    def quoted(self, one: Passage) -> str:
        """The sentence with whose it is."""
        return f"> “{one.text}”\n> — {self.author}, {one.where}"

    def headline(self, one: Passage) -> str:
        """A line for the inbox, from the sentence itself: a part of it that is whole, else what it is about."""
        if len(one.text) <= _LINE_CHARS and not one.text.partition(". ")[2]:
            return one.text.rstrip(".")
        for part in _CLAUSE.split(one.text):
            fits = len(part.split()) in _CLAUSE_WORDS and len(part) <= _CLAUSE_CHARS
            if fits and not _LEADS_ON.match(part) and "," not in part:
                return part[0].upper() + part[1:]
        if (named := one.text.partition(". ")[0]).isalpha():
            return f"{self.author} on {named.lower()}"
        said = re.findall(r"\w+", one.text.casefold())
        topic = next((word for word in self.topics if word in said), "")
        return f"{self.author} on {topic}" if topic else f"A thought from {one.where}"

    def headlines(self, some: list[Passage]) -> Iterator[str]:
        """One for each, all different."""
        used: set[str] = set()
        for one in some:
            ways = (self.headline(one), f"A thought from {one.where}", f"{one.where}: one sentence")
            line = next((way for way in ways if way not in used), f"{self.headline(one)}, again")
            used.add(line)
            yield line[:SUBJECT_CHARS]


def _fit(one: Passage) -> bool:
    return _mild(one.text) and not _TELLS.search(one.text)


def _mild(text: str) -> bool:
    return not _UNFIT.search(text) and not _GRIM.search(text)


def _opening(document: Document) -> str:
    """A paragraph of one of its first chapters."""
    early = chapters.own(document)[:_EARLY]
    found = (first_paragraph(document, index, most=110) for index in early)
    return next((text for text in found if text and not _GRIM.search(text) and not re.search(r"[{}<>]", text)), "")


def mail(subject: str, preheader: str, *body: str) -> dict[str, str]:
    """One mail's words; paragraphs that are empty are left out."""
    whole = "\n\n".join(part for part in (HI, *body) if part)
    return {"subject": subject, "preheader": preheader, "body": whole}


def when(condition: str, *then: str) -> str:
    """Paragraphs that are there where the condition holds."""
    return "\n\n".join([f"{{% if {condition} %}}", *then, "{% endif %}"])
