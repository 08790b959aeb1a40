"""The few pages that need no sign-in, from Jinja2 templates with autoescape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

# No script, nothing from elsewhere; forms post to ourselves only; no address of ours reaches another site.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def page(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401 - template variables
    """Render a template of `api/templates` as a response that nobody caches and no site frames."""
    content = rendered(template, **values)
    headers = {"content-security-policy": POLICY, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return HTMLResponse(content, status, headers)


def rendered(template: str, **values: Any) -> str:  # noqa: ANN401 - template variables
    """A template of `api/templates` as HTML, for pages with headers of their own."""
    return _environment.get_template(template).render(**values)
