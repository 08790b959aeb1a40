"""Every error that leaves the API is a problem document (RFC 9457) that says no more than it should."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from traceback import extract_tb
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from configuration import BadConfiguration
from domain.errors import Invalid, NotDurable, PerennialError, ProviderError

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 100  # A batch of 1,000 wrong events needs no answer of megabytes.
RETRY_AFTER_S = 5
_log = structlog.get_logger("api.problems")


class FieldError(BaseModel):
    """One thing wrong with a request: `pointer` is a JSON pointer (RFC 6901, as a fragment) into `location`.

    `line` is that of a text in which it stands.
    """

    detail: str
    pointer: str
    location: str = "body"
    line: int | None = None


class Problem(BaseModel):
    """The document itself, for OpenAPI. `code` is a fixed word; `errors` names fields, where there are any."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str | None = None
    errors: list[FieldError] | None = None


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route (or the application) hands to FastAPI as `responses`, so that OpenAPI shows these problems."""
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": _schema()}}}
        for status in statuses
    }


def _schema() -> dict[str, Any]:
    """The document's schema with nothing to refer to: FastAPI would list a model as application/json."""
    schema = Problem.model_json_schema()
    field_error = json.dumps(schema.pop("$defs")["FieldError"])
    inlined: dict[str, Any] = json.loads(json.dumps(schema).replace('{"$ref": "#/$defs/FieldError"}', field_error))
    return inlined


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    instance: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document as a response; also an ASGI application, for middleware."""
    document = Problem(
        type=f"urn:perennial:problem:{code}",
        title=_phrase(status),
        status=status,
        detail=detail,
        code=code,
        instance=instance,
        errors=list(errors[:MAX_ERRORS]) or None,
    )
    # In ASCII: what a stranger sent may be named here, and may hold half a surrogate pair.
    body = json.dumps(document.model_dump(mode="python", exclude_none=True)).encode("ascii")
    return Response(body, status, headers, MEDIA_TYPE)


def of(error: PerennialError) -> Response:
    """The document of one of our own errors. What a vendor said stays inside."""
    detail = (
        "A service that we depend on did not answer as it should." if isinstance(error, ProviderError) else str(error)
    )
    field = error.field if isinstance(error, Invalid) else None
    errors = [FieldError(detail=detail, pointer=pointer_of(field))] if field else []
    if isinstance(error, BadConfiguration):
        errors = [
            FieldError(
                detail=one.text, pointer=pointer_of(one.field) if one.field else "#", location="text", line=one.line
            )
            for one in error.faults
        ]
    return problem(error.status, error.code, detail, errors=errors, headers=_retry_after(error))


def pointer_of(field: str) -> str:
    """A dotted field (`payload.items.0`) as a JSON pointer; one that is a pointer already stays."""
    if field.startswith(("#", "/")):
        return "#" + field.removeprefix("#")
    return pointer(field.split("."))


def pointer(parts: Sequence[object]) -> str:
    """A JSON pointer in its URI fragment form: `#/items/0/email`."""
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "#" + "".join("/" + quote(part, safe="~", errors="replace") for part in escaped)


def install(app: FastAPI) -> None:
    """Answer every error with a problem document. Call it after all other middleware has been added."""
    app.add_exception_handler(PerennialError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(Unexpected)


class ResponseBrokenError(Exception):
    """The answer broke off after it had begun; says only under which instance id that was logged."""


class Unexpected:
    """Answers what nobody foresaw with a 500 that tells nothing of it but an id.

    Starlette's own last handler raises the exception again, and the server then prints it with its
    message, which may hold an address or a secret. Here only its type and its places are logged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - this is the last place where it can be told from
            instance = _logged(error, scope)
            if started:
                raise ResponseBrokenError(instance) from None
            detail = "Something went wrong on our side. It has been recorded under this instance."
            await problem(500, "internal", detail, instance=instance)(scope, receive, send)


def _logged(error: Exception, scope: Scope) -> str:
    """Log an exception by type and place, without its message; the id it was logged under."""
    instance = f"urn:uuid:{uuid4()}"
    places = [
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)
    ]
    route = getattr(scope.get("route"), "path", None)  # The template: a path may hold a token.
    _log.error("unexpected_error", instance=instance, error=type(error).__qualname__, route=route, places=places[-12:])
    return instance


async def _ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, PerennialError)
    return of(error)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [_field_error(found) for found in error.errors()[:MAX_ERRORS]]
    detail = errors[0].detail if len(errors) == 1 else f"{len(error.errors())} fields cannot be used."
    return problem(422, "invalid", detail, errors=errors)


def _field_error(found: Mapping[str, Any]) -> FieldError:
    """One of pydantic's errors, without the input that it quotes."""
    location, *parts = found["loc"] or ("body",)
    if found["type"] == "json_invalid":
        # Its place is a character in a text that is no document, which nothing can point into.
        return FieldError(detail=f"Not valid JSON at character {parts[0] if parts else 0}.", pointer="#")
    return FieldError(detail=str(found["msg"]), pointer=pointer(parts), location=str(location))


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status, headers = error.status_code, error.headers
    if status < HTTPStatus.BAD_REQUEST:
        return Response(status_code=status, headers=headers)
    phrase = _phrase(status)
    detail = error.detail if isinstance(error.detail, str) else phrase
    return problem(status, phrase.lower().replace(" ", "_").replace("'", ""), detail, headers=headers)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _retry_after(error: PerennialError) -> dict[str, str] | None:
    if isinstance(error, ProviderError) and error.retry_after is not None:
        return {"retry-after": str(max(1, math.ceil(error.retry_after.total_seconds())))}
    if isinstance(error, NotDurable) or error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"retry-after": str(RETRY_AFTER_S)}
    return None
