"""The parameters that every list has."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from store.queries.pages import DEFAULT_LIMIT, MAX_LIMIT

After = Annotated[str | None, Query(alias="cursor", description="`next` of the page before.", max_length=300)]
Limit = Annotated[int, Query(alias="limit", ge=1, le=MAX_LIMIT, description="Items a page.")]
DEFAULT = DEFAULT_LIMIT
