"""A booklet as one HTML file that needs nothing beside it; also its pieces, to stand inside of a page."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from domain.booklets import Booklet

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html(booklet: Booklet) -> bytes:
    """The whole file, in UTF-8."""
    return _environment.get_template("booklet.html").render(booklet=booklet).encode()
