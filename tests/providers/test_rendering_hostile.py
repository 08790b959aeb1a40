"""Strangers' data comes out inert, and no template takes long or much."""

from __future__ import annotations

import contextlib
import time
import tracemalloc
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.rendering import TemplateError
from providers.rendering.sandbox import HTML
from tests.providers.rendering_kit import email, in_text, rendered

EVIL = [
    "{{ 7 | times: 7 }}",
    "{% for i in (1..9) %}49{% endfor %}",
    "<script>alert(49)</script>",
    '"><img src=x onerror=alert(49)>',
    "'onmouseover='alert(49)",
    "</p></td></tr></table><h1>49</h1>",
    "<!--lq0q-->",
    "lq0q",
    "[[ 7 * 7 ]]",
    "&#60;script&#62;",
    "%3Cscript%3E",
]


class Tags(HTMLParser):
    """Which tags there are, and with which attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name == "href"]


BODY = (
    '<p title="{{ x }}">{{ x }}</p>{% if x %}<p>{{ x | upcase | downcase | append: "!" }}</p>{% endif %}'
    "{% capture y %}{{ x }}{% endcapture %}<p>{{ y }}</p><a href=\"{{ x }}\">a</a><a href='{{ x }}'>b</a>"
)
COMPILED = email(in_text(BODY), subject="s {{ x }}", preheader="{{ x }}")
PLAIN = Tags(COMPILED.render({"x": "plain"}).html).tags


@pytest.mark.parametrize("evil", EVIL)
def test_a_strangers_text_is_only_text(evil: str) -> None:
    made = COMPILED.render({"x": evil})
    assert Tags(made.html).tags == PLAIN
    assert set(Tags(made.html).links) == {"#"}
    assert made.subject == f"s {evil}"
    assert made.text.startswith(evil)


@settings(deadline=None)
@given(evil=st.text(max_size=200))
def test_no_text_at_all_changes_the_tags(evil: str) -> None:
    made = COMPILED.render({"x": evil})
    assert Tags(made.html).tags in (PLAIN, Tags(COMPILED.render({}).html).tags)


@pytest.mark.parametrize("name", sorted(HTML.filters))
@pytest.mark.parametrize(
    "evil", ["<script>49</script>", "%3Cscript%3E49%3C/script%3E", "&lt;script&gt;49", "PHNjcmlwdD4="]
)
def test_no_filter_lets_markup_through(name: str, evil: str) -> None:
    arguments = ["", ": 'x'", ": 'x', 'y'", ": x", ": y", ": '49', x"]
    for argument in arguments:
        captured = "{% capture y %}{{ x }}{% endcapture %}"
        try:
            made = rendered(
                f"<p>{captured}{{{{ x | {name}{argument} }}}}{{{{ y | {name}{argument} }}}}</p>", {"x": evil}
            )
        except TemplateError:
            continue
        assert "<script" not in made.html.lower()


def test_a_strangers_name_is_not_a_template_in_a_second_pass() -> None:
    assert rendered("<p>{{ a }}</p>", {"a": "{{ b }}", "b": "secret"}).text == "{{ b }}\n"


class Loaded:
    """An object with things that a template must not reach."""

    secret = "hunter2"

    def __call__(self) -> str:
        raise AssertionError("called")

    def __str__(self) -> str:
        return "loaded"


@pytest.mark.parametrize(
    "path",
    [
        "o.secret",
        "o['secret']",
        "o.__class__",
        "o.__class__.__mro__",
        "s.upper",
        "s.__class__",
        "d.keys",
        "d.__len__",
        "o()",
    ],
)
def test_nothing_is_called_and_no_attribute_is_read(path: str) -> None:
    try:
        made = rendered(f"<p>[{{{{ {path} }}}}]</p>", {"o": Loaded(), "s": "text", "d": {"a": 1}})
    except TemplateError:
        return
    assert "[]" in made.html


LONG = "x" * 40_000
HOSTILE = {
    "a loop": "{% for i in (1..100000000) %}x{% endfor %}",
    "nested loops": "{% for i in (1..100) %}{% for j in (1..100) %}x{% endfor %}{% endfor %}",
    "loops in a row": "{% for i in (1..400) %}{% endfor %}" * 2,
    "a table": "{% tablerow i in (1..100000) %}x{% endtablerow %}",
    "a list of a range": "{{ (1..100000000) | join: 'x' }}",
    "a sorted range": "{% assign x = (1..100000000) | sort %}",
    "a huge range": "{% for i in (1..99999999999999999999999) %}x{% endfor %}",
    "doubling": "{% assign s = 'xxxxxxxxxxxxxxxx' %}" + "{% assign s = s | append: s %}" * 40,
    "doubling in a loop": "{% assign s = 'xx' %}{% for i in (1..99) %}{% assign s = s | append: s %}{% endfor %}",
    "a replacement": "{{ long | replace: 'x', long }}",
    "a replacement of nothing": "{{ long | replace: '', long }}",
    "a chain of replacements": "{{ 'xxxxxxxxxx'" + " | replace: 'x', 'xxxxxxxxxx'" * 30 + " }}",
    "a join": "{{ long | split: '' | join: long }}",
    "doubling a list": "{% assign a = 'x,y' | split: ',' %}" + "{% assign a = a | concat: a %}" * 40,
    "large numbers": "{% assign n = 99999999 %}" + "{% assign n = n | times: n %}" * 40 + "{{ n }}",
    "a long number": "{{ " + "9" * 10_000 + " | plus: 1 }}",
    "much output": "{% for i in (1..499) %}{{ long }}{% endfor %}",
    "captures": "{% for i in (1..499) %}{% capture c %}{{ long }}{{ long }}{{ long }}{% endcapture %}{% endfor %}",
    "deep nesting": "{% if 1 %}" * 200 + "{% endif %}" * 200,
    "a deep path": "{{ a" + "[a" * 2000 + "]" * 2000 + " }}",
    "a long condition": "{% if " + " and ".join(["a == b"] * 20_000) + " %}{% endif %}",
    "much of everything": "{{ x }}" * 100_000,
    "unclosed": "{{" * 50_000,
    "unclosed tags": "{%" * 50_000,
    "unclosed raw": "{% raw %}" * 5_000,
    "empty work": "{% for i in (1..499) %}" + "{% if nothing %}{% endif %}" * 200 + "{% endfor %}",
    "constant work": "{% for i in (1..499) %}" + "{% if 1 == 2 or 3 == 4 %}{% endif %}" * 240 + "{% endfor %}",
    "long constant work": "{% for i in (1..499) %}{% if " + "1 == 2 or " * 5_000 + "false %}{% endif %}{% endfor %}",
    "filters": "{% for i in (1..499) %}" + "{{ long | upcase | downcase | strip_html }}" * 50 + "{% endfor %}",
    "dates": "{{ long | date: long }}",
    "a comparison of all with all": "{% assign a = long | split: '' %}{{ a | uniq | size }}",
    "tags": "<p>" * 60_000,
    "attributes": "<p " + "a='b' " * 30_000 + "></p",
    "comments": "<!--" * 30_000,
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_template_ends_with_an_error_soon_and_small(what: str) -> None:
    body, context = f"<p>{HOSTILE[what]}</p>", {"long": LONG, "a": "a", "b": "a"}
    started = time.process_time()
    with pytest.raises(TemplateError):
        rendered(body, context)
    took_s = time.process_time() - started
    tracemalloc.start()
    try:
        with pytest.raises(TemplateError):
            rendered(body, context)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert took_s < 2
    assert peak_bytes < 64 << 20


ROOTS = st.sampled_from(["x", "long", "items", "nothing", "'lit'", "3", "(1..9)"])
FILTER_NAMES = st.sampled_from(sorted(HTML.filters))


@settings(max_examples=150, deadline=None)
@given(root=ROOTS, chain=st.lists(st.tuples(FILTER_NAMES, st.lists(ROOTS, max_size=2)), max_size=5))
def test_any_chain_of_filters_ends_in_a_text_or_in_our_error(root: str, chain: list[tuple[str, list[str]]]) -> None:
    calls = "".join(f" | {name}{': ' + ', '.join(args) if args else ''}" for name, args in chain)
    # Any other error fails the test.
    with contextlib.suppress(TemplateError):
        rendered(f"<p>{{{{ {root}{calls} }}}}</p>", {"x": "<x>", "long": LONG, "items": ["a", {"b": 1}, None, 3]})
