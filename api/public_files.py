"""`/public/…`: the few files that visitors' pages share, named by their content so that browsers may keep them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from domain.errors import NotFound

FOLDER: Final = Path(__file__).parent / "static"
KINDS: Final = {"public.css": "text/css", "seen.js": "text/javascript"}
FOR_EVER: Final = "public, max-age=31536000, immutable"

_files = {name: (FOLDER / name).read_bytes() for name in KINDS}
_marks = {name: sha256(content).hexdigest()[:12] for name, content in _files.items()}

router = APIRouter(include_in_schema=False)


def public_url(name: str) -> str:
    """The address of such a file, which changes with its content. Raises KeyError."""
    return f"/public/{_marks[name]}/{name}"


@router.get("/public/{mark}/{name}")
async def file(mark: str, name: str) -> Response:
    """One file; kept by browsers only under the mark of its content. Raises NotFound."""
    if name not in _files:
        raise NotFound("There is no such file.")
    kept = FOR_EVER if mark == _marks[name] else "no-cache"
    return Response(_files[name], headers={"cache-control": kept}, media_type=KINDS[name])
