"""Nobody is sent to a stranger's site."""

from __future__ import annotations

import pytest

from api.redirects import local

OWN = "https://acme.example"


@pytest.mark.parametrize("target", ["/", "/thanks", "/a/b?c=d#e", "https://acme.example/x", "https://acme.example"])
def test_our_own_places_stay(target: str) -> None:
    assert local(target, OWN, "/default") == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        "thanks",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/x\r\nset-cookie: a=b",
        "https://evil.example",
        "http://acme.example/",
        "https://acme.example.evil.example",
        "https://acme.example@evil.example/",
        "https://acme.example:444/",
        "javascript:alert(1)",
        "data:text/html,x",
        " https://acme.example",
        "https://[",
    ],
)
def test_everything_else_becomes_the_default(target: str) -> None:
    assert local(target, OWN, "/default") == "/default"
