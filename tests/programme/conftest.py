"""What tests of profiles share: a programme with both flags on, and a model behind a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pytest_httpserver import HTTPServer

from providers.llm.openai_writer import OpenAIWriter
from store.db import Database
from tests.programme.personal_kit import model, new_personal
from tests.programme.walking import Programme


@pytest.fixture(scope="module")
async def personal(db: Database) -> Programme:
    """The shipped programme, in which a model chooses and recommends."""
    return await new_personal(db)


@pytest.fixture
async def writer(httpserver: HTTPServer) -> AsyncIterator[OpenAIWriter]:
    """A model that answers as a test says."""
    made = model(httpserver)
    yield made
    await made.aclose()
