"""`email: welcome_story`: one mail, by the folder of its template."""

from __future__ import annotations

from pydantic import Field

from domain import names
from domain.steps.base import Body, Kind


class Email(Body):
    """`template` is a folder of `config/emails/`."""

    template: str = Field(pattern=r"^[a-z0-9_]+$")


KIND = Kind("email", Email, names.SEND, lambda value: {"template": value})
