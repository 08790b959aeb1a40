"""What visitors post: a page's form or JSON, read by hand, since an HTML form sends empty fields and all as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.webhooks import reading
from domain.errors import Invalid
from domain.identity import normal_email

CAMPAIGN: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
LONGEST: Final = 200


class VisitorFields(BaseModel):
    """What every form may hold; all but the address may be absent. Fields of other names are left alone."""

    model_config = ConfigDict(extra="ignore")

    email: str = Field(max_length=320)
    first_name: str = Field("", max_length=LONGEST)
    company: str = Field("", max_length=LONGEST)
    timezone: str = Field("", max_length=64, description="IANA name, from the browser.")
    submission_id: str | None = Field(None, max_length=LONGEST, description="Makes a repeated post recognisable.")
    utm_source: str = Field("", max_length=LONGEST)
    utm_medium: str = Field("", max_length=LONGEST)
    utm_campaign: str = Field("", max_length=LONGEST)
    utm_term: str = Field("", max_length=LONGEST)
    utm_content: str = Field("", max_length=LONGEST)

    @property
    def utm(self) -> dict[str, str]:
        """The campaign's parameters under their short names, as events have them."""
        return {name.removeprefix("utm_"): value for name in CAMPAIGN if (value := getattr(self, name))}


Fields = TypeVar("Fields", bound=VisitorFields)


def is_json(request: Request) -> bool:
    """Whether a script posted it and waits for an answer; an HTML form is led on to a page."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


async def given_in(request: Request) -> dict[str, object]:
    """What was posted, as JSON or as a form. Raises Malformed for JSON that is no object."""
    return reading.parse_object(await request.body()) if is_json(request) else await pairs(request)


async def pairs(request: Request) -> dict[str, object]:
    """The text fields of an HTML form; files are left alone."""
    async with request.form(max_files=10, max_fields=200) as form:
        return {
            reading.storable(key): reading.storable(value)
            for key, value in form.multi_items()
            if isinstance(value, str)
        }


def fields_of(shape: type[Fields], given: Mapping[str, object]) -> Fields:
    """Empty fields count as absent. Raises Invalid with the field."""
    stripped = {key: value.strip() if isinstance(value, str) else value for key, value in given.items()}
    # An empty box of consent is a no; an empty field of any other name is none.
    present = {key: value for key, value in stripped.items() if value or key == "consent"}
    try:
        fields = shape.model_validate(present)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Invalid("Your email address is needed." if field == "email" else f"{first['msg']}.", field) from None
    return fields.model_copy(update={"email": normal_email(fields.email)})


def campaign_of(request: Request, *more: str) -> dict[str, object]:
    """The campaign's parameters in a page's address, and others by name, for the fields of its form."""
    return {name: request.query_params[name][:LONGEST] for name in (*CAMPAIGN, *more) if name in request.query_params}
