"""Funnels without a model: plain words of the configuration around the book's own sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from domain.briefs import Brief
from domain.catalogue import Product
from domain.errors import Invalid
from domain.funnel_plan import BUNDLE, Outline, plan
from domain.funnels import BULLET_LIMIT, DESCRIPTION_LIMIT, HEADLINE_LIMIT, TEXT_LIMIT, Strategy
from domain.sources import Document
from providers.llm.books.passages import Passage, advice, first_paragraph, passages
from providers.llm.facts import Wish

NO: Final = "No, thank you"
# A sentence that can be taken in at a glance, in characters.
GLANCE: Final = 170
LESSON: Final = 240
FEWEST: Final = 6
# Below this a sentence tells what happened to its writer, and says nothing to a stranger (see `usefulness`).
TELLING: Final = 0.44
_NUMBERS: Final = ("", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight")
# What the magnet is called, by the end of its slug.
_GIFTS: Final[Mapping[str, str]] = MappingProxyType(
    {"checklist": "checklist", "free-chapter": "free chapter", "mini-guide": "short guide", "quiz": "quiz",
     "worksheet": "worksheet"}
)  # fmt: skip


def draft_of(strategy: Strategy) -> Callable[[Brief, Wish], dict[str, Any]]:
    """The draft of one strategy."""
    return lambda brief, wish: draft(brief, wish, strategy)


def draft(brief: Brief, wish: Wish, strategy: Strategy) -> dict[str, Any]:
    """Words for every step of the plan. Raises Invalid without a text, or with one that says too little."""
    outlines = plan(brief, strategy)
    if brief.product is None or brief.document is None:
        raise Invalid("A funnel is made from a book: give its product a `source`, or name a source that was read.")
    said = _Sayings.of(brief.document, wish, sum(one.kind == "lesson" for one in outlines))
    pen = _Pen(brief, brief.product, said)
    return {
        "description": _first_of([brief.product.description, brief.product.name], DESCRIPTION_LIMIT),
        "steps": [{"key": one.key, **pen.words(one)} for one in outlines],
    }


@dataclass(slots=True)
class _Sayings:
    """The book's sentences, each used once in a funnel."""

    opening: str
    lessons: Iterator[Passage]
    rest: Iterator[Passage]
    fewer: bool = False
    more: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, document: Document, wish: Wish, lessons: int) -> _Sayings:
        """Raises Invalid where there are too few."""
        todo = advice(document, lessons, longest=LESSON) if lessons else []
        used = [one.text for one in todo]
        # Of what is spread over the book, what says most comes first: there are more visitors on the first pages.
        found = passages(document, 24, wish.terms, keep=lambda one: one.score >= TELLING, longest=GLANCE, skip=used)
        if len(found) < FEWEST + lessons:
            found = passages(document, 24, wish.terms, longest=GLANCE, skip=used)
        rest = sorted(found, key=lambda one: -one.score)
        if len(rest) + len(todo) < FEWEST + lessons:
            raise Invalid("The text holds too few sentences that can stand alone on a page.", "source")
        missing, rest = rest[: lessons - len(todo)], rest[max(0, lessons - len(todo)) :]
        return cls(first_paragraph(document, most=120), iter([*todo, *missing]), iter(rest), fewer=wish.size < 0)

    def some(self, count: int) -> list[str]:
        """The next so many, fewer towards the end of a book that says little."""
        wanted = max(2, count // 2) if self.fewer else count
        return [one.text for _, one in zip(range(wanted), self.rest, strict=False)]


@dataclass(frozen=True, slots=True)
class _Pen:
    """Writes one step after the other."""

    brief: Brief
    product: Product
    said: _Sayings

    def words(self, one: Outline) -> dict[str, Any]:
        if one.kind == "capture":
            return self._capture(one)
        if one.key == BUNDLE:
            return self._bundle(one)
        write = {"offer": self._offer, "lesson": self._lesson, "order": self._order, "downsell": self._lower}
        return write.get(one.kind, self._end)(one)

    def _capture(self, one: Outline) -> dict[str, Any]:
        book, gift = self.product.name, self._gift
        days = sum(step.kind == "lesson" for step in plan(self.brief, "challenge"))
        by_mail = ": on a page, and by mail" if self.brief.marketing.funnels.consent_wording else ""
        kinds = {
            "register": (f"A webinar about {book}", "Leave your address, and date and link come by mail.", "Register"),
            "join": (
                f"{days} days with {book}",
                f"One thing to do a day, in words of the book{by_mail}. Take the next when you are ready.",
                "Begin with day 1",
            ),
            "gift": (
                f"Not the whole book? Take the {gift}",
                f"The {gift} is free, made from the text of {book}, and comes by mail.",
                "Send it to me",
            ),
        }  # fmt: skip
        free = f"The {gift} is made from the text of the book and comes by mail."
        headline, text, button = kinds.get(one.key, (_titled(gift, book), free, "Send it to me"))
        return _page(headline, [self.product.description, text, "From the book:"], self.said.some(4), button)

    def _offer(self, one: Outline) -> dict[str, Any]:
        book = self.product.name
        if one.key == "registered":
            text = f"Date and link come by mail. Until then, the book behind it: {book}."
            return _page("You are on the list", [text, "From the book:"], self.said.some(2), "Show me the book", NO)
        text = (
            f"The {self._gift} comes by mail in a moment. Who asked for it can have all of {book} at a lower price; "
            "the next page shows what is in it."
        )
        return _page("It is on its way to you", [text, "From the book:"], self.said.some(2), "Show me the book", NO)

    def _order(self, _: Outline) -> dict[str, Any]:
        titles = " and ".join(file.title for file in self.product.files)
        files = f"You get it as {titles}, to download right after the order." if titles else ""
        opening = ["A paragraph of it:", self.said.opening] if self.said.opening else []
        told = [self.product.description, files, *opening, "Some of what it says:"]
        return _page(self.product.name, told, self.said.some(5), "Order the book", NO)

    def _bundle(self, one: Outline) -> dict[str, Any]:
        books = [self._named(key) for key in one.terms["products"]]
        text = f"Thank you for ordering {self.product.name}. These go with it, and cost less together than one by one."
        lines = [_first_of([f"{book.name}: {book.description}", book.name], BULLET_LIMIT) for book in books]
        return _page(f"{_NUMBERS[len(books)]} more books for one price", [text], lines, "Add these books", NO)

    def _lower(self, one: Outline) -> dict[str, Any]:
        book = self._named(one.terms["products"][0])
        if book.key == self.product.key:
            text = "If it was the price: on this page it is lower."
            return _page(f"{book.name}, once more", [book.description, text], self.said.some(2), "Order the book", NO)
        text = "If all of them are too many, take this one, at a lower price than its list price."
        return _page(f"Only {book.name}", [book.description, text], [], "Add this one", NO)

    def _lesson(self, one: Outline) -> dict[str, Any]:
        day = int(one.key.rpartition("-")[2])
        found = next(self.said.lessons)
        button = f"Done, on to day {day + 1}" if one.yes.startswith("day-") else "Done, show me the book"
        return _page(f"Day {day}", [found.text, f"From {found.where} of {self.product.name}."], [], button)

    def _end(self, _: Outline) -> dict[str, Any]:
        text = "What you asked for and what you ordered comes by mail, to the address that you gave."
        return _page("Thank you", [text], [], "")

    @property
    def _gift(self) -> str:
        slug = self.brief.options.get("magnet", "")
        return next((name for end, name in _GIFTS.items() if slug.endswith(end)), "sample")

    def _named(self, key: str) -> Product:
        found = self.brief.marketing.product(key)
        if found is None:
            message = f"The funnel sells {key}, which is not in the catalogue."
            raise Invalid(message, "product")
        return found


def _titled(gift: str, book: str) -> str:
    """A headline: `A free chapter of Walden`."""
    name = gift if gift.startswith("free") else f"free {gift}"
    return f"A {name} from {book}"


def _page(headline: str, told: list[str], bullets: list[str], button: str, decline: str = "") -> dict[str, Any]:
    kept = [part for part in told if part]
    # What leads to a list says nothing without it.
    if not bullets and kept[-1].endswith(":"):
        kept.pop()
    text = "\n\n".join(kept)
    return {
        "headline": _first_of([headline, headline.partition(":")[0]], HEADLINE_LIMIT),
        "text": text if len(text) <= TEXT_LIMIT else kept[0][:TEXT_LIMIT],
        "bullets": bullets,
        "button": button,
        "decline": decline,
    }


def _first_of(texts: list[str], limit: int) -> str:
    """The first that says something and fits."""
    return next((text for text in texts if text and len(text) <= limit), texts[-1][:limit])
