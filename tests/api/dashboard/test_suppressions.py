"""The buttons on a person's page that stop marketing to them, and let it go on."""

from __future__ import annotations

from uuid import uuid4

from tests.api.dashboard.people import Person
from tests.api.dashboard.stories import lead
from tests.api.dashboard.town import Town


async def test_marketing_is_stopped_and_allowed_again(town: Town, marketing_person: Person) -> None:
    who = await lead(town, f"{uuid4().hex}@example.com", "Ada", "Engines", 1, 3)
    page = f"/contacts/{who}"
    assert "Stop marketing" in await marketing_person.opens(page)
    answer = await marketing_person.posts(f"{page}/suppression", stop="yes", reason="Asked by phone.")
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    stopped = await marketing_person.opens(page)
    assert "Allow marketing again" in stopped
    assert "Somebody of the team stopped marketing to this address." in stopped
    await marketing_person.posts(f"{page}/suppression", stop="no")
    assert "Stop marketing" in await marketing_person.opens(page)


async def test_a_viewer_has_no_such_button(town: Town, viewing: Person) -> None:
    who = await lead(town, f"{uuid4().hex}@example.com", "Ada", "Engines", 1, 3)
    assert "Stop marketing" not in await viewing.opens(f"/contacts/{who}")
    assert (await viewing.posts(f"/contacts/{who}/suppression", stop="yes")).status_code == 403
