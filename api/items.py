"""One item of `POST /v1/events`, read strictly: what is wrong is told with its field."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from api.webhooks.reading import canonical
from domain.errors import Invalid
from domain.events import Incoming
from domain.identity import normal_email

# Clocks of senders differ a little; an event from tomorrow is a mistake.
MAX_AHEAD = timedelta(minutes=5)
FIRST_YEAR = 1970  # PostgreSQL can store what Python cannot read back.

EXAMPLES = {
    "one": {
        "summary": "One event",
        "value": {
            "type": "checkout_started",
            "email": "ada@example.com",
            "id": "cart-1-started",
            "occurred_at": "2026-03-05T09:30:00Z",
            "payload": {"cart_id": "cart-1", "items": ["course"], "total": "49.00", "currency": "USD"},
        },
    },
    "batch": {
        "summary": "A batch",
        "value": {
            "events": [
                {"type": "signup", "email": "ada@example.com", "session_id": "s-1"},
                {"type": "feature_usage", "user_id": "u-7", "id": "use-1", "payload": {"feature": "export"}},
            ]
        },
    },
}


class EventItem(BaseModel):
    """One thing that happened to a person, who is named by at least one of email, user id and anonymous id."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(min_length=1, max_length=100, pattern=r"^[a-z][a-z0-9_.]*$", examples=["signup"])
    email: str | None = Field(None, max_length=320, examples=["ada@example.com"])
    user_id: str | None = Field(None, min_length=1, max_length=255, examples=["u-7"])
    anonymous_id: str | None = Field(None, min_length=1, max_length=255)
    id: str | None = Field(None, min_length=1, max_length=1000, description="Yours; makes repeats recognisable.")
    session_id: str | None = Field(None, min_length=1, max_length=255)
    occurred_at: AwareDatetime | None = Field(None, description="With its zone; now where it is absent.")
    source: str | None = Field(None, max_length=50, pattern=r"^[a-z0-9][a-z0-9_.-]*$", examples=["shop"])
    payload: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _about_somebody(self) -> Self:
        if not (self.email or self.user_id or self.anonymous_id):
            raise ValueError("one of email, user_id and anonymous_id is needed")
        return self


def read(value: object, now: datetime, fallback_id: str | None = None) -> Incoming | Invalid:
    """The event of an item, or what is wrong with it; `fallback_id` is its id where it has none itself."""
    try:
        item = EventItem.model_validate(value)
        _check_time(item.occurred_at, now)
        return _incoming(item, value, fallback_id)
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        field = ".".join(str(part) for part in first["loc"])
        return Invalid(f"{message[:1].upper()}{message[1:]}.", field or "email")
    except Invalid as error:
        return error


def _check_time(occurred_at: datetime | None, now: datetime) -> None:
    if occurred_at is None:
        return
    if occurred_at.year < FIRST_YEAR:
        message = f"This is before {FIRST_YEAR}."
        raise Invalid(message, "occurred_at")
    if occurred_at > now + MAX_AHEAD:
        raise Invalid("This is more than five minutes in the future.", "occurred_at")


def _incoming(item: EventItem, value: object, fallback_id: str | None) -> Incoming:
    return Incoming(
        type=item.type,
        source=f"api:{item.source}" if item.source else "api",
        sender_id=item.id or fallback_id,
        email=normal_email(item.email) if item.email else None,
        user_id=item.user_id,
        anonymous_id=item.anonymous_id,
        session_id=item.session_id,
        occurred_at=item.occurred_at,
        payload=item.payload,
        raw=canonical(value),
    )
