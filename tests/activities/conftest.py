"""One installation a module."""

from __future__ import annotations

import pytest

from store.db import Database
from tests.core_kit import World, new_world


@pytest.fixture(scope="module")
async def world(db: Database) -> World:
    """The shipped sequences on this module's database."""
    return await new_world(db)
