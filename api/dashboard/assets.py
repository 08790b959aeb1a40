"""The dashboard's own files: a fixed list read once, named by their content so that browsers may keep them."""

from __future__ import annotations

from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from domain.errors import NotFound

FOLDER = Path(__file__).parent / "static"
SERVED = (".css", ".js", ".svg", ".woff2")
FOR_EVER = "public, max-age=31536000, immutable"

_files = {
    str(path.relative_to(FOLDER)): path.read_bytes() for path in sorted(FOLDER.rglob("*")) if path.suffix in SERVED
}
_marks = {name: sha256(content).hexdigest()[:12] for name, content in _files.items()}

router = APIRouter(include_in_schema=False)


def asset_url(name: str) -> str:
    """The address of a file under `static/`, which changes with its content. Raises KeyError."""
    return f"/assets/{_marks[name]}/{name}"


@router.get("/assets/{mark}/{name:path}")
async def asset(mark: str, name: str) -> Response:
    """One file; kept by browsers only under the mark of its content."""
    content = _files.get(name)
    if content is None:
        raise NotFound("There is no such file.")
    # A stylesheet names its fonts under its own mark; they never change.
    kept = FOR_EVER if mark == _marks[name] or name.endswith(".woff2") else "no-cache"
    kind = "font/woff2" if name.endswith(".woff2") else guess_type(name)[0] or "application/octet-stream"
    # An image is no place for a script, whoever opens it by itself.
    policy = "default-src 'none'; style-src 'unsafe-inline'" if kind == "image/svg+xml" else "default-src 'none'"
    return Response(content, headers={"cache-control": kept, "content-security-policy": policy}, media_type=kind)
