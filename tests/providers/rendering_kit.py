"""A small e-mail of one's own, to try one thing at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from providers.rendering import CompiledEmail, EmailSources, Frame, Rendered, compile_sources
from providers.rendering.source import SourceFile

FRAME = Frame(
    SourceFile(
        "_frame.mjml",
        "<mjml><mj-head><mj-preview>{{ preheader }}</mj-preview></mj-head><mj-body>[[ body ]]"
        "<mj-section><mj-column><mj-text><p>[[ why ]]</p></mj-text></mj-column></mj-section></mj-body></mjml>",
    )
)


def in_text(inner: str) -> str:
    """A body with one text block."""
    return f"<mj-section><mj-column><mj-text>{inner}</mj-text></mj-column></mj-section>"


def email(
    body: str = "",
    *,
    subject: str = "Hello",
    preheader: str = "",
    why: str | None = None,
    text: str | None = None,
    frame: Frame = FRAME,
) -> CompiledEmail:
    """Compiles an e-mail; its files are called `e/subject.liquid` and so on."""
    sources = EmailSources(
        name="e",
        subject=SourceFile("e/subject.liquid", subject),
        preheader=SourceFile("e/preheader.liquid", preheader),
        body=SourceFile("e/body.mjml", body or in_text("<p>Hi</p>")),
        why=None if why is None else SourceFile("e/why.liquid", why),
        text=None if text is None else SourceFile("e/text.liquid", text),
    )
    return compile_sources(sources, frame)


def rendered(body: str, context: Mapping[str, object] | None = None) -> Rendered:
    """One text block with this in it, rendered."""
    return email(in_text(body)).render(context or {})


def write_email(folder: Path, **files: str) -> Path:
    """An e-mail's folder; `body_mjml` is its body.mjml."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content, encoding="utf-8")
    return folder
