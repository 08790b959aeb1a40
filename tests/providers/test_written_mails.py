"""The words of a written mail look as the shipped mails do, whatever somebody puts into them."""

from __future__ import annotations

from typing import Any

import pytest

from configuration import load_marketing
from domain.mail_words import MailWords
from providers.rendering import Rendered, load_frame
from providers.rendering.written import compile_written, mjml
from tests.core_kit import CONFIG

BODY = """\
Hi {{ contact.first_name | given_name | default: "there" }},

Take **one** thing & finish it. [The book]({{ book.url }}) says < how.

- First
- Then **rest**

> “Lose no time.”
> — Benjamin Franklin

{% if discount.code %}

There are {{ discount.percent }}% off.

[code]

{% endif %}

[Get the book](https://a.example/?a=1&b=2)
"""


def rendered(body: str = BODY, **more: Any) -> Rendered:
    words = MailWords(subject="For {{ contact.first_name }}", preheader="A minute.", body=body)
    mail = compile_written("mail", words, "You asked {{ brand.name }}.", load_frame(CONFIG / "emails" / "_frame.mjml"))
    brand = load_marketing(CONFIG).brand.model_dump(mode="json")
    given = {"brand": brand, "contact": {"first_name": "Ada"}, "book": {"url": "https://b.example/book"}}
    return mail.render({**given, "unsubscribe_url": "https://p.example/u/1", **more})


def test_it_stands_in_the_houses_frame() -> None:
    mail = rendered()
    assert mail.subject == "For Ada"
    for part in (mail.html, mail.text):
        assert "14 Harbour Row" in part
        assert "https://p.example/u/1" in part
        assert "You asked Fieldnotes Press." in part


def test_paragraphs_lists_quotations_links_and_buttons_are_what_they_look_like() -> None:
    page = rendered().html
    assert ">one</strong> thing &amp; finish it." in page
    assert 'href="https://b.example/book"' in page
    assert "says &lt; how." in page
    assert page.count("<li") == 2
    assert "border-left" in page
    assert 'href="https://a.example/?a=1&amp;b=2"' in page


def test_what_is_about_a_code_is_there_with_the_code_only() -> None:
    without, code = rendered(), {"code": "TEN-1", "percent": 10, "valid_until": None}
    assert "off." not in without.text
    mail = rendered(discount=code)
    assert "There are 10% off." in mail.text
    assert "TEN-1" in mail.html


@pytest.mark.parametrize(
    "written", ["<script>alert(1)</script>", "<mj-include path='/etc/passwd' />", "a & b <b>c</b>"]
)
def test_markup_is_shown_and_never_run(written: str) -> None:
    assert "<script" not in rendered(written).html
    assert written.partition("<")[2][:3] in rendered(written).text
    assert "&lt;" in mjml(written)


def test_an_address_that_runs_something_is_no_link() -> None:
    assert "href" not in mjml("[Click](javascript:alert)")
    assert 'href="#"' in rendered("[Click]({{ book.url }})", book={"url": "javascript:alert(1)"}).html
