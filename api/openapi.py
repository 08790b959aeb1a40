"""The API's description: FastAPI's own, with what it cannot know."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.forms import Fields
from api.items import EventItem
from api.problems import MEDIA_TYPE, Problem
from api.security import is_closed
from api.tag import Told

SCHEMA = "#/components/schemas/{model}"
# What middleware answers before any route does.
OF_BODIES = (400, 408, 413)
OF_KEYS = (401, 429)


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        spec = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        shapes = spec.setdefault("components", {}).setdefault("schemas", {})
        # The bodies of these are read by hand, item by item and field by field.
        for shape in (EventItem, Fields, Told, Problem):
            shapes.setdefault(shape.__name__, shape.model_json_schema(ref_template=SCHEMA))
        for path, methods in spec["paths"].items():
            for operation in methods.values():
                _complete(path, operation)
        app.openapi_schema = spec
    return app.openapi_schema


def _complete(path: str, operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    for status in (*(OF_BODIES if "requestBody" in operation else ()), *(OF_KEYS if is_closed(path) else ())):
        content = {MEDIA_TYPE: {"schema": {"$ref": SCHEMA.format(model="Problem")}}}
        answers.setdefault(str(status), {"description": HTTPStatus(status).phrase, "content": content})
