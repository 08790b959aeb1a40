"""The API's own description as one plain page: no script, nothing from the internet."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from api.pages import page

Json = dict[str, Any]

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Every call, with its parameters, examples and answers."""
    spec = request.app.openapi()
    calls = [
        _call(path, method, operation)
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = [(name, _fields(schema)) for name, schema in spec["components"]["schemas"].items()]
    return page("docs.html", spec=spec, calls=calls, schemas=schemas)


def _call(path: str, method: str, operation: Json) -> Json:
    return {
        "anchor": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "closed": bool(operation.get("security")),
        "paragraphs": operation.get("description", "").split("\n\n"),
        "parameters": [{"description": "", "required": False, **one} for one in operation.get("parameters", [])],
        "bodies": [_body(kind, body) for kind, body in operation.get("requestBody", {}).get("content", {}).items()],
        "answers": [_answer(status, answer) for status, answer in operation["responses"].items()],
    }


def _body(media_type: str, body: Json) -> Json:
    examples = [one.get("value") for one in body.get("examples", {}).values()]
    examples += body.get("schema", {}).get("examples", [])
    return {
        "media_type": media_type,
        "title": _shape(body.get("schema", {})),
        "examples": [one if isinstance(one, str) else json.dumps(one, indent=2) for one in examples],
    }


def _answer(status: str, answer: Json) -> Json:
    schemas = [body.get("schema", {}) for body in answer.get("content", {}).values()]
    return {
        "status": status,
        "description": answer.get("description", ""),
        "schema": next((name for schema in schemas if (name := _reference(schema))), ""),
    }


def _fields(schema: Json) -> list[Json]:
    return [
        {"name": name, "type": _shape(field), "description": field.get("description", "")}
        for name, field in schema.get("properties", {}).items()
    ]


def _reference(schema: Json) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _shape(schema: Json) -> str:
    """A schema in a few words: `string`, `list of TouchView`, `string or null`."""
    if "anyOf" in schema:
        return " or ".join(_shape(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_shape(schema.get('items', {})) or 'anything'}"
    return _reference(schema) or str(schema.get("format") or schema.get("type") or schema.get("title") or "")
