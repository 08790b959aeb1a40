"""The file of a person's data: offered to those who manage, and to nobody else."""

from __future__ import annotations

from api.deps import Services
from tests.api.dashboard.people import Person
from tests.api.stories import begin


async def test_who_manages_downloads_a_persons_data(services: Services, managing: Person) -> None:
    story = await begin(services)
    path = f"/contacts/{story.contact_id}/export"
    assert path in await managing.opens(f"/contacts/{story.contact_id}")
    assert story.email in await managing.opens(path)


async def test_a_marketer_is_neither_offered_nor_given_it(services: Services, marketing_person: Person) -> None:
    story = await begin(services)
    path = f"/contacts/{story.contact_id}/export"
    assert path not in await marketing_person.opens(f"/contacts/{story.contact_id}")
    assert story.email not in await marketing_person.opens(path, status=403)
