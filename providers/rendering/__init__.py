"""E-mail templates: compiled once a version, rendered cheaply once a recipient."""

from __future__ import annotations

from providers.rendering.emails import (
    CompiledEmail,
    EmailSources,
    Frame,
    Rendered,
    compile_email,
    compile_sources,
    load_frame,
)
from providers.rendering.errors import TemplateError

__all__ = [
    "CompiledEmail",
    "EmailSources",
    "Frame",
    "Rendered",
    "TemplateError",
    "compile_email",
    "compile_sources",
    "load_frame",
]
