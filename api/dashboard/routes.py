"""Every page's routes as one router, which `api.app` includes."""

from __future__ import annotations

from fastapi import APIRouter

from api.dashboard import (
    account,
    assets,
    contacts,
    doubts,
    events,
    journeys,
    outbox,
    overview,
    posts,
    reviews,
    sequences,
    session,
)

PARTS = (
    overview.router,
    session.router,
    reviews.router,
    contacts.router,
    journeys.router,
    sequences.router,
    events.router,
    doubts.router,
    outbox.router,
    posts.router,
    account.router,
    assets.router,
)

router = APIRouter(include_in_schema=False)
for part in PARTS:
    router.include_router(part)
