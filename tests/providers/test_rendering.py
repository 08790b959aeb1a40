"""An e-mail is compiled once, keeps its Liquid through every tool, and says where it is wrong."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from providers.rendering import TemplateError, compile_email, load_frame
from providers.rendering.filters import day, formatted, given_name, money, org_name, safe_url, when
from tests.providers.rendering_kit import FRAME, email, in_text, rendered, write_email

ITEMS = {"items": [{"name": "One"}, {"name": "Two & a half"}]}


def test_a_mail_has_its_four_parts() -> None:
    made = email(in_text("<p>Hi {{ name }}</p>"), subject="For {{ name }}", preheader="Dear {{ name }}").render(
        {"name": "Ann"}
    )
    assert (made.subject, made.preheader) == ("For Ann", "Dear Ann")
    assert "Hi Ann</p>" in made.html
    assert "Dear Ann" in made.html
    assert made.text == "Hi Ann\n"


def test_a_loop_around_rows_stays_around_rows() -> None:
    body = (
        "<mj-section><mj-column><mj-table><tbody>{% for i in items %}<tr><td>{{ i.name }}</td><td>1</td></tr>"
        "{% endfor %}</tbody></mj-table></mj-column></mj-section>"
    )
    made = email(body).render(ITEMS)
    cell = r"<tr><td[^>]*>{}</td><td[^>]*>1</td></tr>"
    assert re.search("<tbody>" + cell.format("One") + cell.format("Two &amp; a half") + "</tbody>", made.html)
    assert made.text == "One: 1\nTwo & a half: 1\n"


def test_a_condition_between_blocks_takes_whole_blocks_away() -> None:
    body = (
        "{% if there %}<mj-section><mj-column><mj-text><p>A</p></mj-text></mj-column></mj-section>{% endif %}"
        "<mj-section><mj-column>{% if there %}<mj-button href='https://x.test'>B</mj-button>{% endif %}"
        "<mj-text><p>C</p></mj-text></mj-column></mj-section>"
    )
    with_it, without = email(body).render({"there": True}), email(body).render({})
    assert ">A</p>" in with_it.html
    assert ">A</p>" not in without.html
    assert "https://x.test" not in without.html
    assert without.html.count("<table") == without.html.count("</table")
    assert without.text == "C\n"


def test_comparisons_need_no_escaping_in_a_template() -> None:
    assert rendered("<p>{% if n < 3 and n > 1 %}two{% endif %}</p>", {"n": 2}).text == "two\n"


def test_the_text_part_reads_like_a_letter() -> None:
    body = (
        "<p>Dear {{ n }},</p><p>see <a href='x'>no quotes</a> <a href=\"{{ url }}\">the page</a>"
        ' or <a href="https://y.test">https://y.test</a>.</p>'
        "{% if items.size > 0 %}<p>You have:</p><ul>{% for i in items %}<li>{{ i.name }}</li>{% endfor %}</ul>"
        "{% endif %}"
        "<p>Bye{% if n %}, {{ n }}{% endif %}</p>"
    )
    made = rendered(body, {"n": "Ann", "url": "https://x.test/?a=1&b=2", **ITEMS})
    assert made.text == (
        "Dear Ann,\n\nsee no quotes the page (https://x.test/?a=1&b=2) or https://y.test.\n\n"
        "You have:\n\n* One\n* Two & a half\n\nBye, Ann\n"
    )


def test_a_left_out_block_leaves_no_gap_in_the_text() -> None:
    body = "<p>A</p>{% if x %}<p>B</p>{% endif %}{% if y %}<ul><li>C</li></ul>{% endif %}<p>D</p>"
    assert rendered(body).text == "A\n\nD\n"


def test_an_email_may_bring_its_own_text_between_header_and_footer() -> None:
    made = email(in_text("<p>html</p>"), text="Own {{ n }} < text\n", why="Because {{ n }}.").render({"n": "Ann"})
    assert made.text == "Own Ann < text\n\nBecause Ann.\n"
    assert "html" not in made.text


def test_the_reason_is_text_and_not_markup() -> None:
    assert "you &lt;b&gt; asked" in email(why="you <b> asked").render({}).html


def test_styles_are_inlined_and_media_queries_kept() -> None:
    head = "<mj-head><mj-style>p { color: red } @media (max-width: 400px) { p { color: blue } }</mj-style></mj-head>"
    frame = type(FRAME)(type(FRAME.source)("f", f"<mjml>{head}<mj-body>[[ body ]]</mj-body></mjml>"))
    made = email(frame=frame).render({})
    assert 'style="display: block;margin: 13px 0;color: red;"' in made.html
    assert "@media (max-width: 400px)" in made.html


def test_what_is_put_out_and_missing_is_empty_and_reported_once() -> None:
    made = rendered(
        "<p>[{{ a.b }}{{ a.b }}{{ c }}{{ f.g }}{% if d %}x{% endif %}{{ e | default: 'E' }}]</p>", {"f": {}}
    )
    assert "[E]" in made.html
    assert made.missing == ("a", "c", "f.g")


def test_a_subject_is_one_line_whatever_is_in_it() -> None:
    made = email(subject="Hi {{ n }}\n").render({"n": "a\r\nBcc: x@y.test\x00\u2028\u202eb"})
    assert made.subject == "Hi a Bcc: x@y.test b"
    assert len(email(subject="{{ n }}").render({"n": "x" * 5000}).subject) == 200


def test_a_subject_with_nothing_in_it_is_an_error() -> None:
    with pytest.raises(TemplateError, match=r"^e/subject.liquid:1: the subject is empty$"):
        email(subject="{{ nothing }}").render({})


def test_one_compiled_mail_serves_everybody() -> None:
    compiled = email(in_text("<p>{% assign n = name %}{{ n }}{{ seen }}</p>"))
    assert compiled.render({"name": "Ann", "seen": "!"}).text == "Ann!\n"
    assert compiled.render({"name": "Bob"}).text == "Bob\n"


@pytest.mark.parametrize(
    ("files", "where", "what"),
    [
        ({"body_mjml": in_text("<p>ok</p>\n\n{% if x %}")}, "e/body.mjml:3", "if"),
        (
            {"body_mjml": "<mj-section>\n<mj-column>\n<mj-text><p>x</mj-text></mj-column></mj-section>"},
            "e/body.mjml:3",
            "<p>",
        ),
        ({"body_mjml": in_text("\n<p>1 < 2</p>")}, "e/body.mjml:2", "&lt;"),
        ({"body_mjml": in_text("\n\n<script>x</script>")}, "e/body.mjml:3", "no place in a mail"),
        ({"body_mjml": in_text("\n<p onclick='x'>x</p>")}, "e/body.mjml:2", "onclick"),
        ({"body_mjml": in_text("<a href='javascript:x'>x</a>")}, "e/body.mjml:1", "href"),
        ({"body_mjml": '<mj-include path="/etc/passwd" />'}, "e/body.mjml:1", "mj-include"),
        ({"body_mjml": "</p>"}, "e/body.mjml:1", "closes nothing"),
        ({"body_mjml": "\n<mj-section>"}, "e/body.mjml:2", "not closed"),
        ({"body_mjml": in_text("{{ x | nonsense }}")}, "e/body.mjml:1", "nonsense"),
        ({"body_mjml": in_text("a\n{% include 'x' %}")}, "e/body.mjml:2", "include"),
        ({"body_mjml": in_text("{% for i in x %}\n{% if i %}{% endif %}\n")}, "e/body.mjml:1", "for"),
        ({"subject_liquid": "x\n{{ "}, "e/subject.liquid:2", ""),
        ({"why_liquid": "{% endif %}"}, "e/why.liquid:1", "endif"),
        ({"text_liquid": "\n{% for %}{% endfor %}"}, "e/text.liquid:2", ""),
        ({"preheader_liquid": "lq1q"}, "", ""),
        ({"body_mjml": in_text("\nlq1q")}, "e/body.mjml:2", "reserved"),
    ],
)
def test_an_error_names_file_and_line(tmp_path: Path, files: dict[str, str], where: str, what: str) -> None:
    frame_file = tmp_path / "_frame.mjml"
    frame_file.write_text(FRAME.source.text, encoding="utf-8")
    good = {"subject_liquid": "s", "preheader_liquid": "p", "body_mjml": in_text("<p>b</p>")}
    folder = write_email(tmp_path / "e", **{**good, **files})
    if not where:
        assert compile_email(folder, load_frame(frame_file)).render({}).subject == "s"
        return
    with pytest.raises(TemplateError) as caught:
        compile_email(folder, load_frame(frame_file)).render({"x": 1})
    assert str(caught.value).startswith(f"{where}: ")
    assert what in str(caught.value)
    assert caught.value.field == where


def test_an_error_while_rendering_names_the_line_it_was_written_in() -> None:
    body = in_text("<p>a</p>\n<p>{{ a }}</p>\n\n<p>{{ x | divided_by: 0 }}</p>")
    with pytest.raises(TemplateError, match=r"^e/body.mjml:4: "):
        email(body).render({"x": 1})


def test_an_error_in_the_frame_names_the_frame() -> None:
    frame = type(FRAME)(type(FRAME.source)("_frame.mjml", FRAME.source.text.replace("[[ why ]]", "\n[[ nope ]]")))
    with pytest.raises(TemplateError, match=r"^_frame.mjml:\d+: .*nope"):
        email(frame=frame)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"^e/subject.liquid:1: this file is missing$"):
        compile_email(write_email(tmp_path / "e", body_mjml="x"), FRAME)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (("149", "usd"), "$149.00"),
        ((12.5, "EUR"), "€12.50"),
        ((1234567, "CHF"), "1,234,567.00 CHF"),
        ((1200, "jpy"), "¥1,200"),
        (("-5", "USD"), "-$5.00"),
        ((None, "USD"), ""),
        (("", None), ""),
    ],
)
def test_money_is_written_as_people_write_it(given: tuple[object, object], shown: str) -> None:
    assert money(*given) == shown


def test_moments_are_told_in_the_zone_they_carry() -> None:
    moment = datetime(2026, 3, 5, 14, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert when(moment) == "Thursday, 5 March 2026 at 14:00 CET"
    assert when("2026-03-05T14:00:00Z") == "Thursday, 5 March 2026 at 14:00 UTC"
    assert day(date(2026, 3, 5)) == "Thursday, 5 March"
    assert formatted(datetime(2026, 3, 5, tzinfo=UTC), "%d.%m.") == "05.03."
    assert when(None) == day("") == formatted(None) == ""


@pytest.mark.parametrize("name", ["Ann", "Jean-Luc", "O'Neill", "Łukasz", "Mary Ann", "李", "J. R."])
def test_names_are_shown(name: str) -> None:
    assert given_name(f" {name} ") == name


@pytest.mark.parametrize(
    "name",
    ["https://evil.test", "evil.com wins", "www.x", "<b>", "{{ 7 }}", "a@b.test", "x" * 41, "50% off", None, 7 * "%"],
)
def test_what_is_no_name_is_not_shown(name: object) -> None:
    assert given_name(name) == ""


def test_a_company_may_be_longer_than_a_name() -> None:
    assert (
        org_name("Hill & Sons Heating and Plumbing of Bristol Ltd") == "Hill & Sons Heating and Plumbing of Bristol Ltd"
    )
    assert org_name("buy at cheap.example") == ""


@pytest.mark.parametrize("url", ["https://x.test/a?b=1", "http://x.test", "mailto:a@b.test", "HTTPS://x.test"])
def test_pages_and_mail_can_be_opened(url: str) -> None:
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " JaVaScript:alert(1)",
        "data:text/html,x",
        "//x.test",
        "/x",
        "",
        None,
        "java\tscript:x",
        "http://[",
    ],
)
def test_nothing_else_can(url: object) -> None:
    assert safe_url(url) == "#"
