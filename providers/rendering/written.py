"""The words of a written mail as the templates of `config/emails/<name>/`: the same frame, the same look."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

from domain.mail_words import MailWords
from providers.rendering.emails import CompiledEmail, EmailSources, Frame, compile_sources
from providers.rendering.source import SourceFile

_LIQUID = re.compile(r"({{.*?}}|{%.*?%})", re.DOTALL)
_STEERS = re.compile(r"(?:\s*{%[^%]*%}\s*)+")
_BLOCK = re.compile(r"\[([a-z_]+)\]")
_LINK = re.compile(r"\[([^\[\]]+)\]\((https?://[^()\s]+|{{[^{}]*}})\)")
_BOLD = re.compile(r"\*\*(\S(?:[^*]*\S)?)\*\*")
_QUOTE = 'style="margin:0 0 14px;padding:0 0 0 14px;border-left:3px solid #dfe3dc"'

CODE = """\
{% if discount.code %}
<mj-text>
  <p>Your code: <strong class="code">{{ discount.code }}</strong></p>
  <p>It was made for you and works once{% if discount.valid_until %}, until {{ discount.valid_until | when }}{% endif %}. Enter it at the checkout.</p>
</mj-text>
{% endif %}
"""  # noqa: E501 - as it stands in the shipped mails
CART = """\
{% if cart.items.size > 0 %}
<mj-table>
  <tbody>
    {% for item in cart.items %}
    {% assign quantity = item.quantity | plus: 0 %}
    <tr><td class="cell">{{ item.name }}{% if quantity > 1 %} &times; {{ quantity }}{% endif %}</td><td class="amount">{{ item.price | money: cart.currency }}</td></tr>
    {% endfor %}
    {% if cart.total %}
    <tr><td class="cell"><strong>Total</strong></td><td class="amount"><strong>{{ cart.total | money: cart.currency }}</strong></td></tr>
    {% endif %}
  </tbody>
</mj-table>
{% endif %}
{% if cart.url %}
<mj-button href="{{ cart.url }}">Back to your cart</mj-button>
{% endif %}
"""  # noqa: E501 - as it stands in the shipped mails
RECOMMENDATIONS = """\
{% if recommendations.size > 0 %}
<mj-text>
  <ul>
  {% for item in recommendations %}
  <li>{% if item.url %}<a href="{{ item.url }}">{{ item.name }}</a>{% else %}<strong>{{ item.name }}</strong>{% endif %}{% if item.price %}, {{ item.price | money: item.currency }}{% endif %}{% if item.description %}<br />{{ item.description }}{% endif %}</li>
  {% endfor %}
  </ul>
</mj-text>
{% endif %}
"""  # noqa: E501 - as it stands in the shipped mails
BLOCKS = {"code": CODE, "cart": CART, "recommendations": RECOMMENDATIONS}


def sources_of(name: str, mail: MailWords, why: str) -> EmailSources:
    """What the folder of that name would hold."""
    return EmailSources(
        name=name,
        subject=SourceFile(f"{name}/subject.liquid", mail.subject),
        preheader=SourceFile(f"{name}/preheader.liquid", mail.preheader),
        body=SourceFile(f"{name}/body.mjml", mjml(mail.body)),
        why=SourceFile(f"{name}/why.liquid", why),
    )


def compile_written(name: str, mail: MailWords, why: str, frame: Frame) -> CompiledEmail:
    """The mail, ready to be filled in. Takes some milliseconds."""
    return compile_sources(sources_of(name, mail, why), frame)


def mjml(body: str) -> str:
    """The body between header and footer."""
    inner = "\n".join(_parts(re.split(r"\n\s*\n", body)))
    return f"<mj-section>\n<mj-column>\n{inner}\n</mj-column>\n</mj-section>\n"


def _parts(paragraphs: list[str]) -> Iterator[str]:
    """Paragraphs that follow each other stand in one text; buttons, blocks and conditions stand between."""
    text: list[str] = []
    for paragraph in (one.strip() for one in paragraphs):
        made = _apart(paragraph)
        if made is None:
            text.append(_paragraph(paragraph))
            continue
        yield from _joined(text)
        text = []
        yield made
    yield from _joined(text)


def _joined(text: list[str]) -> Iterator[str]:
    if text:
        yield "\n".join(["<mj-text>", *text, "</mj-text>"])


def _apart(paragraph: str) -> str | None:
    """What is no text: a condition, a button, one of the house's blocks."""
    if _STEERS.fullmatch(paragraph):
        return paragraph
    if button := _LINK.fullmatch(paragraph):
        return f'<mj-button href="{_attribute(button[2])}">{_escaped(button[1])}</mj-button>'
    block = _BLOCK.fullmatch(paragraph)
    return BLOCKS[block[1]].strip() if block else None


def _paragraph(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    if all(line.startswith("- ") for line in lines):
        return "<ul>" + "".join(f"<li>{_inline(line[2:])}</li>" for line in lines) + "</ul>"
    if all(line.startswith(">") for line in lines):
        return f"<p {_QUOTE}>{'<br />'.join(_inline(line[1:].strip()) for line in lines)}</p>"
    return f"<p>{_inline(' '.join(lines))}</p>"


def _inline(line: str) -> str:
    """Bold and links; everything else is shown as it was written."""
    return _each(_LINK, line, lambda found: f'<a href="{_attribute(found[2])}">{_bold(found[1])}</a>', _bold)


def _bold(text: str) -> str:
    return _each(_BOLD, text, lambda found: f"<strong>{_escaped(found[1])}</strong>", _escaped)


def _each(
    pattern: re.Pattern[str], text: str, inside: Callable[[re.Match[str]], str], between: Callable[[str], str]
) -> str:
    out, last = [], 0
    for found in pattern.finditer(text):
        out += [between(text[last : found.start()]), inside(found)]
        last = found.end()
    return "".join([*out, between(text[last:])])


def _escaped(text: str) -> str:
    """For HTML, with the Liquid in it left alone."""
    parts = _LIQUID.split(text)
    return "".join(part if part.startswith(("{{", "{%")) else html.escape(part, quote=False) for part in parts)


def _attribute(target: str) -> str:
    return target if target.startswith("{{") else html.escape(target)
