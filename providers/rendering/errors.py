"""What is wrong with a template, and where."""

from __future__ import annotations

from domain.errors import Invalid


class TemplateError(Invalid):
    """A template cannot be compiled or rendered. The message begins with `file:line:`; `field` is that place."""

    code = "template"

    def __init__(self, message: str, *, file: str, line: int) -> None:
        self.file = file
        self.line = line
        super().__init__(f"{file}:{line}: {message}", field=f"{file}:{line}")
