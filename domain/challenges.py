"""A challenge's days by mail: the approved words of its pages, one a day from the moment that somebody has joined."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from domain.funnels import Funnel, Step
from domain.mail_words import SUBJECT_CHARS, MailWords
from domain.sequence_plans import key_of, scalar, topic_of
from domain.written_sequences import WrittenSequence

if TYPE_CHECKING:
    from domain.marketing import Marketing

NAME: Final = "challenge"
KIND: Final = f"funnel_{NAME}"
WHY: Final = (
    "You get this because you joined a challenge of {{ brand.name }}. One mail a day, and none after the last day."
)
_PLAN: Final = """\
# The days of the funnel {slug}, for who joined it. Until the address is confirmed no marketing goes there: day 1 waits.
sequence: {key}
name: {name}
topic: {topic}
product: {product}
priority: 7
entry:
  event: lead_captured
  when:
    - {{field: payload.funnel, is: {slug}}}
reentry: ignore
steps:
  - branch:
      - {{field: contact.unconfirmed, is: true}}
    then:
      - wait_for: {{event: email_confirmed, timeout: 7d, since: entry}}
        else:
          - exit: The address was not confirmed.
"""
_HI: Final = 'Hi {{ contact.first_name | given_name | default: "there" }},'
_END: Final = (
    "This was the last day. The whole of it stands in **{{ book.name }}**.",
    "{% if book.url %}",
    "[To the book]({{ book.url }})",
    "{% endif %}",
)
# What mails would take for Liquid, and for a block of the house's.
_LIQUID: Final = re.compile(r"(?<=[{}%])(?=[{}%])")
_BLOCK: Final = re.compile(r"^\[([a-z_ ]+)\]$", re.MULTILINE)


def days(funnel: Funnel) -> list[Step]:
    """The pages that are sent by mail too, in their order; none for a funnel that is no challenge."""
    return [step for step in funnel.steps if step.kind == "lesson"]


def mails(funnel: Funnel, slug: str) -> dict[str, MailWords]:
    """The mails by the names of their templates. Whatever may stand on a page may stand in them."""
    key, lessons = key_of(NAME, slug), days(funnel)
    return {
        f"{key}_day_{day}": MailWords(
            subject=_subject(step, day, len(lessons)),
            preheader=f"One thing to do on day {day}.",
            body=_body(step, day, len(lessons)),
        )
        for day, step in enumerate(lessons, 1)
    }


def written(funnel: Funnel, slug: str, marketing: Marketing) -> WrittenSequence:
    """Its mails with their definition, as a written sequence."""
    named = mails(funnel, slug)
    product = marketing.product(funnel.product)
    told = {
        "slug": scalar(slug),
        "key": key_of(NAME, slug),
        "name": json.dumps(f"Challenge: {product.name if product else slug}"[:120], ensure_ascii=False),
        "topic": topic_of(marketing, "learning"),
        "product": scalar(funnel.product),
    }
    steps = "  - {wait: 1d}\n".join(f"  - {{email: {name}}}\n" for name in named)
    definition = _PLAN.format(**told) + steps
    return WrittenSequence(definition=definition.strip(), why=WHY, mails=list(named.values()))


def _subject(step: Step, day: int, count: int) -> str:
    """`Day 2 of 5: One list, one evening`; a headline that says no more than its day, or too much, is left out."""
    place = f"Day {day} of {count}"
    headline = _plain(" ".join(step.headline.split()))
    said = re.sub(rf"^day {day}\b[\s:.,–-]*", "", headline, flags=re.IGNORECASE)  # noqa: RUF001 - what people write
    whole = f"{place}: {said}" if said else place
    return whole if len(whole) <= SUBJECT_CHARS else place


def _body(step: Step, day: int, count: int) -> str:
    points = "\n".join(f"- {point}" for point in map(_plain, step.bullets))
    last = _END if day == count else (f"Day {day + 1} comes next.",)
    return "\n\n".join(part for part in (_HI, *map(_plain, step.paragraphs), points, *last) if part)


def _plain(text: str) -> str:
    return _BLOCK.sub(r"(\1)", _LIQUID.sub(" ", text))
