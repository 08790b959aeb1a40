"""How pages are made: templates with autoescape, and headers under which nothing but our own files runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from api.dashboard import words
from api.dashboard.assets import asset_url
from api.dashboard.marks import stretches
from domain.reasons import sentence, spoken

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Not `no-referrer`: under it browsers send `Origin: null` with forms, which looks like another site's post.
HEADERS = {"content-security-policy": POLICY, "cache-control": "no-store", "referrer-policy": "same-origin"}

environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
environment.globals["asset"] = asset_url
environment.filters |= {
    "reason": sentence,
    "spoken": spoken,
    "state_word": words.state,
    "tone": words.tone,
    "action_word": words.action,
    "event_word": words.event,
    "percent": words.percent,
    "pretty": words.pretty,
    "number": words.number,
    "initial": words.initial,
    "query": words.query,
    "inner": words.inner,
    "stretches": stretches,
}


def render(template: str, *, status: int = 200, headers: dict[str, str] | None = None, **values: Any) -> HTMLResponse:  # noqa: ANN401 - template variables
    """A template of this package as a response that nobody caches and no site frames."""
    content = environment.get_template(template).render(**values)
    return HTMLResponse(content, status, {**HEADERS, **(headers or {})})
