"""Every page's routes as one router, which `api.app` includes."""

from __future__ import annotations

from fastapi import APIRouter

from api.dashboard import (
    account,
    affiliates,
    assets,
    attribution,
    campaigns,
    contacts,
    doubts,
    erasures,
    events,
    funnels,
    imports,
    journeys,
    launches,
    lists,
    magnets,
    outbox,
    overview,
    pauses,
    posts,
    profiles,
    rehearsals,
    reviews,
    segments,
    sequence_edits,
    sequence_versions,
    sequences,
    session,
    sources,
    suppressions,
    tasks,
    webinars,
    written_reviews,
)

PARTS = (
    overview.router,
    session.router,
    reviews.router,
    written_reviews.router,
    tasks.router,
    contacts.router,
    suppressions.router,
    erasures.router,
    profiles.router,
    imports.router,
    segments.router,
    journeys.router,
    pauses.router,
    sequence_edits.router,
    sequence_versions.router,
    rehearsals.router,
    sequences.router,
    launches.router,
    sources.router,
    campaigns.router,
    events.router,
    webinars.router,
    funnels.router,
    attribution.router,
    affiliates.router,
    doubts.router,
    outbox.router,
    posts.router,
    lists.router,
    magnets.router,
    account.router,
    assets.router,
)

router = APIRouter(include_in_schema=False)
for part in PARTS:
    router.include_router(part)
