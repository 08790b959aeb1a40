"""The e-mails that are shipped: complete with everything given, whole with nothing given, and inert with evil given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from providers.rendering import CompiledEmail, Rendered, compile_email, load_frame

FOLDER = Path(__file__).parents[1] / "config" / "emails"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
STORY = {
    *(f"demo_nurture_{week}" for week in range(1, 6)),
    *("demo_reminder_15", "demo_reminder_30", "demo_confirmation", "order_receipt"),
    *("purchase_day_0", "purchase_day_5", "purchase_day_15", "cart_1h", "cart_24h", "cart_48h"),
}
COMPILED = {name: compile_email(FOLDER / name, load_frame(FOLDER / "_frame.mjml")) for name in NAMES}
BRAND = {"name": "Meadow Learning"}


def product(number: int) -> dict[str, object]:
    return {
        "key": f"t{number}",
        "name": f"Training {number}",
        "price": "149.00",
        "url": f"https://brand.test/t{number}",
        "description": f"About {number}.",
    }


BOOK: dict[str, object] = {
    **product(9),
    "name": "The Meadow Book",
    "noun": "book",
    "currency": "usd",
    "audience": "Teams with a meadow",
    "chapters": ["Grass", "Rain"],
    "quotes": [{"text": "It helped.", "by": "Bea Example", "role": "Gardener"}],
    "review_url": "https://brand.test/review",
    "quick_win": ["Open the first page.", "Do what it says."],
    "bonus": {"title": "The lost chapter", "url": "https://brand.test/bonus"},
}
FULL: dict[str, Any] = {
    "brand": {
        **BRAND,
        "author": "Ada Example",
        "postal_address": "12 Long Lane, Bristol",
        "community_url": "https://brand.test/community",
        "reply_to": "ada@brand.test",
        "url": "https://brand.test",
        "demo_url": "https://cal.test/demo",
        "niche": "keeping meadows",
        "story": ["Once there was a meadow.", "Then there were two."],
        "common_mistake": ["To mow too early."],
        "guarantee_days": 30,
    },
    "contact": {"first_name": "Ann", "email": "ann@example.org", "company": "Hill & Sons"},
    "unsubscribe_url": "https://brand.test/u/token",
    "preferences_url": "https://brand.test/p/token",
    "products": [product(n) for n in range(1, 6)],
    "purchases": [product(1), product(2), product(3)],
    "recommendations": [product(4), product(5)],
    "cart": {
        "items": [
            {"name": "Training 1", "quantity": 1, "price": "149.00"},
            {"name": "Workbook", "quantity": 2, "price": "29.90"},
        ],
        "total": "178.90",
        "currency": "eur",
        "url": "https://brand.test/cart/1",
    },
    "discount": {
        "code": "MEADOW-7KQ2",
        "percent": 10,
        "valid_until": datetime(2026, 3, 8, 14, 0, tzinfo=ZoneInfo("Europe/London")),
        "hours_left": 24,
    },
    "booking": {
        "event_name": "Demo for teams",
        "starts_at": "2026-03-12T15:00:00+00:00",
        "join_url": "https://meet.test/abc",
        "reschedule_url": "https://cal.test/r/1",
    },
    "webinar": {
        "code": "WB003",
        "title": "Meadows at night",
        "starts_at": "2026-03-12T15:00:00+00:00",
        "your_time": "2026-03-12T16:00:00+01:00",
        "minutes": 60,
        "join_url": "https://meet.test/wb003",
        "survey_url": "https://survey.test/wb003",
        "google_url": "https://calendar.test/google",
        "outlook_url": "https://calendar.test/outlook",
        "office_url": "https://calendar.test/office",
        "time_changed": True,
    },
    "order": {
        "number": "1042",
        "items": [{"name": "Training 1", "quantity": 1, "price": "149.00"}],
        "total": "149.00",
        "currency": "usd",
    },
    "delivery": {
        "titles": ["The Meadow Book"],
        "formats": ["EPUB", "PDF"],
        "url": "https://mail.test/d/token",
        "valid_until": datetime(2026, 4, 1, 9, 0, tzinfo=ZoneInfo("Europe/London")),
    },
    "offer": {
        "title": "For a short time: all books for less",
        "percent": 20,
        "ends_at": datetime(2026, 3, 5, 14, tzinfo=ZoneInfo("Europe/Berlin")),
        "hours_left": 24,
        "url": "https://perennial.test/o/acme-limited?zone=Europe%2FBerlin",
    },
    "any_book": {"price": "10.00", "currency": "usd", "url": "https://brand.test/any"},
    "subscription": {
        "amount": "290.00",
        "currency": "eur",
        "every": "year",
        "ends": datetime(2026, 4, 1, 9, 0, tzinfo=ZoneInfo("Europe/London")),
        "lapsed": datetime(2026, 4, 1, 9, 0, tzinfo=ZoneInfo("Europe/London")),
        "pay_url": "https://pay.test/i/1",
        "billing_url": "https://pay.test/login",
    },
    "virtual_day": 5,
    "magnet": {
        "title": "The meadow checklist",
        "url": "https://brand.test/d/token",
        "valid_until": datetime(2026, 4, 8, 14, 0, tzinfo=ZoneInfo("Europe/London")),
    },
    "bonus": {"title": "Eleven templates"},
    "gift": {"title": "Eleven templates", "url": "https://brand.test/templates"},
    "book": {**BOOK, "intro_price": "7.99", "intro_url": "https://brand.test/intro"},
    "launch": {"product": BOOK, "date": "2026-04-01T00:00:00+00:00"},
    "product": BOOK,
    "feature": "exports",
    "tip": "Save the filter once, and every export uses it.",
    "review_url": "https://brand.test/review",
    "survey_url": "https://brand.test/survey",
}


def with_evil(value: object) -> object:
    """The same context with something nasty in every text."""
    if isinstance(value, Mapping):
        return {key: with_evil(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_evil(inner) for inner in value]
    is_text = isinstance(value, str) and not re.fullmatch(r"[\d.]+|eur|usd|2026.*", value)
    return "\"'><script>alert(1)</script>{{ 7 | times: 191 }}\r\nX: y" if is_text else value


def test_all_mails_of_the_story_are_there() -> None:
    assert set(NAMES) >= STORY


def in_html(made: Rendered) -> str:
    """What is read in the HTML part."""
    body = re.sub(r"<!--.*?-->|<head>.*</head>", "", made.html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.mark.parametrize("name", NAMES)
def test_with_everything_given_nothing_is_missing(name: str) -> None:
    made = COMPILED[name].render(FULL)
    assert made.missing == ()
    assert 10 < len(made.subject) < 80
    assert 20 < len(made.preheader) < 120
    for part in (made.subject, made.preheader, made.html, made.text):
        assert not re.search(r"{{|{%|\[\[|\[%|lq\d+q|lu\d+q|None|Undefined", part)
    assert "Hi Ann," in made.text
    assert "Hi Ann," in in_html(made)


@pytest.mark.parametrize("name", NAMES)
def test_with_nothing_given_a_whole_mail_is_left(name: str) -> None:
    made = COMPILED[name].render({"brand": BRAND, "contact": {}})
    assert made.missing == ()
    assert made.subject
    assert "Hi there," in made.text
    assert not re.search(r"\n\n\n|[ \t]$|:\s*\Z|\(\)", made.text, re.MULTILINE)
    assert not re.search(r"href=\"#?\"", made.html)
    assert not re.search(r"<(ul|ol|tbody)[^>]*>\s*</\1>", made.html)
    assert made.html.count("<table") == made.html.count("</table")


@pytest.mark.parametrize("name", NAMES)
def test_every_mail_says_who_where_and_why(name: str) -> None:
    made = COMPILED[name].render(FULL)
    for part in (made.text, in_html(made)):
        assert "Meadow Learning, 12 Long Lane, Bristol" in part
        assert "You get this because" in part


@pytest.mark.parametrize("name", NAMES)
def test_the_way_out_is_there_exactly_when_it_is_given(name: str) -> None:
    made = COMPILED[name].render(FULL)
    assert 'href="https://brand.test/u/token"' in made.html
    assert "Unsubscribe (https://brand.test/u/token)" in made.text
    without = COMPILED[name].render({**FULL, "unsubscribe_url": None})
    assert "nsubscribe" not in without.html + without.text


@pytest.mark.parametrize("name", NAMES)
def test_no_mail_invents_what_it_was_not_given(name: str) -> None:
    made = COMPILED[name].render({"brand": BRAND, "contact": {}})
    assert not re.search(r"\d+ ?%|[$€£]\d|https?://(?!www\.w3\.org)", made.text + in_html(made))


@pytest.mark.parametrize("name", NAMES)
def test_evil_in_every_field_changes_no_tag(name: str) -> None:
    evil = with_evil(FULL)
    assert isinstance(evil, dict)
    made = COMPILED[name].render(evil)
    assert "<script" not in made.html
    assert "1337" not in made.html + made.text + made.subject
    assert "\r" not in made.subject
    assert "\n" not in made.subject
    assert made.html.count("<") == COMPILED[name].render(without_links(FULL)).html.count("<")


def without_links(context: dict[str, Any]) -> dict[str, Any]:
    """As `with_evil` sees it: a company that is no name, and so left out, and all else harmless."""
    return {**context, "contact": {**context["contact"], "company": ""}}


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_stays_below_the_size_at_which_it_is_cut_off(name: str) -> None:
    """Gmail clips above 102 kB."""
    assert len(COMPILED[name].render(FULL).html.encode()) < 30_000


def compiled(name: str) -> CompiledEmail:
    return COMPILED[name]


@pytest.mark.parametrize("name", ["purchase_day_0", "purchase_day_5", "purchase_day_15"])
def test_a_purchase_mail_shows_all_purchases_and_all_recommendations(name: str) -> None:
    made = compiled(name).render(FULL)
    for part in (made.text, in_html(made)):
        for number in range(1, 6):
            assert f"Training {number}" in part
    for number in range(1, 6):
        assert f'href="https://brand.test/t{number}"' in made.html


def test_the_day_5_mail_names_a_single_purchase_in_its_subject() -> None:
    assert (
        compiled("purchase_day_5").render({**FULL, "purchases": [product(1)]}).subject
        == "How is it going with Training 1?"
    )


@pytest.mark.parametrize("name", ["cart_1h", "cart_24h", "cart_48h"])
def test_a_cart_mail_shows_what_is_in_the_cart(name: str) -> None:
    made = compiled(name).render(FULL)
    assert "Training 1: €149.00\nWorkbook \N{MULTIPLICATION SIGN} 2: €29.90\nTotal: €178.90\n" in made.text
    assert 'href="https://brand.test/cart/1"' in made.html


def test_the_first_cart_mail_has_no_code() -> None:
    made = compiled("cart_1h").render(FULL)
    assert "MEADOW" not in made.html + made.text


def test_the_second_cart_mail_has_the_code_and_how_long_it_is_good() -> None:
    made = compiled("cart_24h").render(FULL)
    assert made.subject == "10% off what is in your cart"
    for part in (made.text, in_html(made)):
        assert "MEADOW-7KQ2" in part
        assert "Sunday, 8 March 2026 at 14:00 GMT" in part


def test_the_third_cart_mail_has_the_same_code_and_the_true_time_left() -> None:
    made = compiled("cart_48h").render(FULL)
    assert made.subject == "24 hours left on your 10%"
    assert "MEADOW-7KQ2" in made.text
    assert "for 24 hours." in made.text
    one = compiled("cart_48h").render({**FULL, "discount": {**FULL["discount"], "hours_left": 1}})
    assert one.subject == "1 hour left on your 10%"
    assert "for 1 hour." in one.text


def test_a_confirmation_says_when_and_how() -> None:
    made = compiled("demo_confirmation").render(FULL)
    assert made.subject == "Demo for teams is booked: Thursday, 12 March 2026 at 15:00 UTC"
    for link in ("https://meet.test/abc", "https://cal.test/r/1"):
        assert f'href="{link}"' in made.html
        assert link in made.text


def test_a_receipt_says_what_was_paid() -> None:
    made = compiled("order_receipt").render(FULL)
    assert made.subject == "Your receipt for order 1042"
    assert "Training 1: $149.00\nTotal: $149.00\n" in made.text


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("demo_")])
def test_a_nurture_mail_leads_to_a_time_where_there_is_one(name: str) -> None:
    if name in {"demo_confirmation", "demo_tomorrow", "demo_soon"}:
        return
    made = compiled(name).render(FULL)
    assert 'href="https://cal.test/demo"' in made.html
    without = compiled(name).render({**FULL, "brand": BRAND})
    assert "below" not in without.text
    assert "cal.test" not in without.html
