"""Files that people give to a page: with its form where they are small, else in pieces that a script sends after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, File, Form, Request, UploadFile
from starlette.responses import JSONResponse, Response

from api.dashboard.desk import Desk


@dataclass(frozen=True, slots=True)
class Upload:
    """How an upload begins. `content` is empty where there is no file, or where a script will send it in pieces."""

    filename: str
    content: bytes
    by_script: bool

    def begun(self, desk: Desk, upload_id: UUID, page: str) -> Response:
        """Where the browser goes on; a script is told where the pieces belong."""
        return JSONResponse({"id": str(upload_id)}, 201) if self.by_script else desk.to(page)


async def _upload(
    request: Request, filename: Annotated[str, Form()] = "", file: Annotated[UploadFile | None, File()] = None
) -> Upload:
    return Upload(
        filename=filename or (file.filename if file else "") or "",
        content=await file.read() if file else b"",
        by_script="application/json" in request.headers.get("accept", ""),
    )


Uploading = Annotated[Upload, Depends(_upload)]
