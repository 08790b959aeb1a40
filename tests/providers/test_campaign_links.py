"""Which mail a visit came from stands in its links, and in nobody else's."""

from __future__ import annotations

import pytest

from providers.rendering.campaign import Tagging

UTM = {"utm_source": "perennial", "utm_campaign": "welcome", "utm_content": "day 3"}
ADDED = "utm_source=perennial&utm_campaign=welcome&utm_content=day%203"
OURS = Tagging.of(["https://www.acme.example", "https://cal.example/acme", None], ours=["https://mail.acme.example"])


@pytest.mark.parametrize(
    ("url", "tagged"),
    [
        ("https://acme.example/book", f"https://acme.example/book?{ADDED}"),
        ("https://shop.acme.example/book?a=1", f"https://shop.acme.example/book?a=1&{ADDED}"),
        ("https://acme.example/book#buy", f"https://acme.example/book?{ADDED}#buy"),
        ("https://acme.example/?q=a%20b%26c", f"https://acme.example/?q=a%20b%26c&{ADDED}"),
        ("https://cal.example/acme/demo", f"https://cal.example/acme/demo?{ADDED}"),
    ],
)
def test_links_to_the_brand_say_which_mail_they_came_from(url: str, tagged: str) -> None:
    assert OURS.tagged(url, UTM) == tagged


@pytest.mark.parametrize(
    "url",
    [
        "https://mail.acme.example/u/token",
        "https://acme.example.evil.test/",
        "https://notacme.example/",
        "https://elsewhere.test/?next=https://acme.example",
        "https://[broken",
    ],
)
def test_other_peoples_links_and_the_unsubscribe_link_stay_as_they_are(url: str) -> None:
    assert OURS.tagged(url, UTM) == url


def test_a_parameter_that_a_person_wrote_is_kept() -> None:
    url = OURS.tagged("https://acme.example/?utm_campaign=mine", UTM)
    assert "utm_campaign=mine" in url
    assert "utm_campaign=welcome" not in url


def test_html_is_escaped_as_it_was_and_pictures_are_left_alone() -> None:
    document = '<a href="https://acme.example/?a=1&amp;b=2">x</a><img src="https://acme.example/x.png">'
    found = OURS.html(document, {"utm_source": "perennial"})
    assert found == (
        '<a href="https://acme.example/?a=1&amp;b=2&amp;utm_source=perennial">x</a>'
        '<img src="https://acme.example/x.png">'
    )


def test_a_full_stop_after_an_address_is_no_part_of_it() -> None:
    words = OURS.text("Read on (https://acme.example/a). Or at https://acme.example/b.", {"utm_source": "p"})
    assert words == "Read on (https://acme.example/a?utm_source=p). Or at https://acme.example/b?utm_source=p."
