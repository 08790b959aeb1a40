"""Messages in doubt: whoever decides is asked, and the second answer is told of the first."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from store.messages import Message
from tests.api.dashboard.people import Person
from tests.api.dashboard.stories import lead
from tests.api.dashboard.town import Town


@pytest.fixture
async def doubt(town: Town) -> UUID:
    """A mail whose call nobody answered."""
    who = await lead(town, f"{uuid4().hex}@example.com", "Ada", "Engines", 1, 3)
    async with town.services.db.transaction() as tx:
        found: UUID = (await tx.execute(select(col(Message.id)).where(col(Message.contact_id) == who))).scalar_one()
        await tx.execute(update(Message).where(col(Message.id) == found).values(state="unknown", reason="no_answer"))
    return found


async def test_a_person_settles_it_on_its_page(marketing_person: Person, doubt: UUID) -> None:
    page = f"/messages/{doubt}"
    assert "Did it arrive?" in await marketing_person.opens(page)
    answer = await marketing_person.posts(f"{page}/settle", arrived="true")
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert "Did it arrive?" not in await marketing_person.opens(page)
    again = await marketing_person.posts(f"{page}/settle", arrived="false")
    assert again.status_code == 409
    assert "This message is sent" in again.text


async def test_a_viewer_is_not_asked(viewing: Person, doubt: UUID) -> None:
    page = f"/messages/{doubt}"
    assert "Did it arrive?" not in await viewing.opens(page)
    assert (await viewing.posts(f"{page}/settle", arrived="true")).status_code == 403
