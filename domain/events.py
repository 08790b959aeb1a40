"""The one envelope that everything which happens arrives in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

# Types that are recognised as the same without an id of the sender's: once a session within an hour.
# Counted types (`feature_usage`) are absent on purpose: two in one session are two.
DEDUPLICATED_BY_SESSION = frozenset(
    {
        "signup",
        "email_confirmed",
        "upgrade",
        "session_ended",
        "page_visited",
        "lead_captured",
        "checkout_started",
    }
)


class Incoming(BaseModel):
    """One thing that happened, as its sender told it, before it is stored.

    `email`, `user_id` and `anonymous_id` say who; all may be absent for what is about no person (a
    release). `browser_id` is an anonymous id that comes with a form: it joins the person as long as it
    is nobody else's. `client_side` is what a browser says, which anybody can make up: it is no fact.
    `entity` is our word for what the event is about when that is not a person: a repository, a booking,
    a message; it orders events that have no contact. `sender_id` is the sender's own id of this event
    and makes repeats recognisable for ever. `raw` is what was received, byte for byte.
    """

    model_config = ConfigDict(extra="forbid")

    type: str = Field(min_length=1, max_length=100, pattern=r"^[a-z][a-z0-9_.]*$")
    source: str = Field(min_length=1, max_length=60)
    sender_id: str | None = Field(default=None, max_length=1000)
    email: str | None = Field(default=None, max_length=320)
    user_id: str | None = Field(default=None, max_length=255)
    anonymous_id: str | None = Field(default=None, max_length=255)
    browser_id: str | None = Field(default=None, max_length=255)
    session_id: str | None = Field(default=None, max_length=255)
    entity: str | None = Field(default=None, max_length=1000)
    occurred_at: datetime | None = None
    payload: dict[str, Any] = Field(default_factory=dict)
    client_side: bool = False
    raw: bytes = b""
