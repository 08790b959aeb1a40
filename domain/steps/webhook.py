"""`webhook: {url: https://…}`: another system is told."""

from __future__ import annotations

from pydantic import Field

from domain import names
from domain.steps.base import Body, Kind


class Webhook(Body):
    """A signed POST (standardwebhooks.com). `fields` names what of the contact is told beside its id."""

    url: str = Field(pattern=r"^https?://[^\s]+$", max_length=2_000)
    fields: list[str] = Field(default_factory=list, max_length=50)


KIND = Kind("webhook", Webhook, names.WEBHOOK)
