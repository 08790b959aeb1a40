"""An e-mail's folder, compiled once a version and rendered once a recipient.

    config/emails/_frame.mjml         what all share: brand, address, why, unsubscribe (Jinja2 in [[ ]] and [% %])
    config/emails/<name>/subject.liquid     one line
    config/emails/<name>/preheader.liquid   what the inbox shows beside the subject
    config/emails/<name>/body.mjml          the sections between header and footer
    config/emails/<name>/why.liquid         why the reader gets this, one sentence (optional)
    config/emails/<name>/text.liquid        the text part, where the one made from the body will not do (optional)

Liquid stands in all of them and is filled per recipient; strangers' data is escaped in HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment as HouseTemplates
from jinja2 import StrictUndefined
from jinja2 import TemplateError as HouseTemplateError
from liquid import Markup

from providers.rendering.errors import TemplateError
from providers.rendering.liquid import Compiled, parse
from providers.rendering.markup import check_markup, to_html
from providers.rendering.plain import text_template, tidy
from providers.rendering.shield import Restored, Shield
from providers.rendering.source import SourceFile

SUBJECT_CHARS = 200
MARK = "PerennialBodyStandsHere"
HOUSE = HouseTemplates(
    autoescape=True,
    undefined=StrictUndefined,
    variable_start_string="[[",
    variable_end_string="]]",
    block_start_string="[%",
    block_end_string="%]",
    comment_start_string="[#",
    comment_end_string="#]",
)


@dataclass(frozen=True, slots=True)
class Frame:
    """The MJML around every mail."""

    source: SourceFile


@dataclass(frozen=True, slots=True)
class EmailSources:
    """One e-mail's templates, from a folder or from rows that people edit."""

    name: str
    subject: SourceFile
    preheader: SourceFile
    body: SourceFile
    why: SourceFile | None = None
    text: SourceFile | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one person gets. `missing` names what the templates put out but was not given, each once."""

    subject: str
    preheader: str
    html: str
    text: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledEmail:
    """Parsed templates, safe to keep and to share between threads and recipients."""

    name: str
    subject: Compiled
    preheader: Compiled
    html: Compiled
    text: Compiled

    def words(self) -> frozenset[str]:
        """What it speaks of: the top-level names of its context. Takes some milliseconds."""
        parts = (self.subject, self.preheader, self.html, self.text)
        return frozenset().union(*(part.words() for part in parts))

    def render(self, context: Mapping[str, object]) -> Rendered:
        """Fill in for one person. Raises `TemplateError` with file and line; takes a fraction of a millisecond.

        `context` holds plain data: mappings, lists, text, numbers, booleans, datetimes.
        """
        missing: list[str] = []
        subject = one_line(self.subject.run(context, missing))[:SUBJECT_CHARS]
        if not subject:
            raise TemplateError("the subject is empty", file=self.subject.file, line=1)
        preheader = one_line(self.preheader.run(context, missing))
        html = self.html.run({**context, "preheader": preheader}, missing)
        text = tidy(self.text.run(context, missing))
        return Rendered(subject, preheader, html, text, tuple(dict.fromkeys(missing)))


def load_frame(path: Path) -> Frame:
    """The frame from its file, `config/emails/_frame.mjml`."""
    return Frame(_read(path, path.name))


def compile_email(folder: Path, frame: Frame) -> CompiledEmail:
    """The e-mail of a folder. Raises `TemplateError` naming file and line; takes some milliseconds."""

    def read(name: str) -> SourceFile:
        return _read(folder / name, f"{folder.name}/{name}")

    def read_if_there(name: str) -> SourceFile | None:
        return read(name) if (folder / name).exists() else None

    sources = EmailSources(
        name=folder.name,
        subject=read("subject.liquid"),
        preheader=read("preheader.liquid"),
        body=read("body.mjml"),
        why=read_if_there("why.liquid"),
        text=read_if_there("text.liquid"),
    )
    return compile_sources(sources, frame)


def compile_sources(sources: EmailSources, frame: Frame) -> CompiledEmail:
    """Everything that is the same for all recipients, done once."""
    for source in (sources.subject, sources.preheader, sources.body, sources.why, sources.text, frame.source):
        if source is not None:
            # Each file must be whole by itself, so that faults are told by its own lines.
            parse(source)
    check_markup(sources.body)
    check_markup(frame.source)
    shield = Shield()
    covered_frame = shield.cover(frame.source)
    why = shield.cover(sources.why).strip() if sources.why else ""
    body = shield.cover(sources.body)
    mjml = shield.as_comments(_framed(covered_frame, frame, body=Markup(body), why=why))
    html = shield.restore_html(to_html(mjml, sources.body))
    return CompiledEmail(
        name=sources.name,
        subject=parse(sources.subject),
        preheader=parse(sources.preheader),
        html=parse(sources.body, made=html, escape=True),
        text=parse(sources.text or sources.body, made=_text(sources, frame, shield, covered_frame, mjml, why)),
    )


def _text(sources: EmailSources, frame: Frame, shield: Shield, covered_frame: str, mjml: str, why: str) -> Restored:
    """The text part: header and footer as in HTML, and between them its own text or the body's."""
    if sources.text is None:
        return shield.restore(text_template(mjml, shield))
    marked = _framed(covered_frame, frame, body=Markup(f"<p>{MARK}</p>"), why=why)
    around = text_template(shield.as_comments(marked), shield)
    return shield.restore(around.replace(MARK, shield.cover(sources.text).strip()))


def _framed(covered_frame: str, frame: Frame, *, body: Markup, why: str) -> str:
    try:
        return HOUSE.from_string(covered_frame).render(body=body, why=why)
    except HouseTemplateError as error:
        line = getattr(error, "lineno", None) or 1
        raise TemplateError(str(error.message), file=frame.source.name, line=line) from None


def _read(path: Path, name: str) -> SourceFile:
    try:
        return SourceFile(name, path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TemplateError("this file is missing", file=name, line=1) from None
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"cannot be read ({type(error).__name__})", file=name, line=1) from None


def one_line(text: str) -> str:
    """A text as a header can hold it: no line breaks, no control or direction-turning characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
