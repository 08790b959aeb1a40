"""Erasing by a button: for those who manage, said twice, and with a page that shows nothing but that."""

from __future__ import annotations

from api.deps import Services
from store.base import now
from store.erasures import Answer, finish, proof_of
from tests.api.dashboard.people import Person
from tests.api.stories import begin


async def test_who_manages_erases_a_person_and_sees_nothing_but_the_proof(services: Services, managing: Person) -> None:
    story = await begin(services)
    path = f"/contacts/{story.contact_id}"
    assert f"{path}/erase" in await managing.opens(path)
    answer = await managing.posts(f"{path}/erase", sure="yes")
    assert answer.headers["location"] == path
    shown = await managing.opens(path)
    assert f"Erased on {now():%d %b %Y}" in shown
    assert "under way" in shown
    assert story.email not in shown
    async with services.db.transaction() as tx:
        proof = await proof_of(tx, story.contact_id)
        assert proof is not None
        await finish(tx, proof.id, story.contact_id, [Answer("hubspot", "refused: rejected"), Answer("brevo", "done")])
    for page in (path, "/erasures"):
        shown = await managing.opens(page)
        assert "refused: rejected" in shown
        assert str(proof.id) in shown
        assert story.email not in shown


async def test_nobody_is_erased_by_one_click(services: Services, managing: Person) -> None:
    story = await begin(services)
    path = f"/contacts/{story.contact_id}"
    answer = await managing.posts(f"{path}/erase")
    assert answer.status_code == 422
    assert story.email in await managing.opens(path)


async def test_a_marketer_is_neither_offered_nor_allowed_it(services: Services, marketing_person: Person) -> None:
    story = await begin(services)
    path = f"/contacts/{story.contact_id}"
    assert f"{path}/erase" not in await marketing_person.opens(path)
    assert (await marketing_person.posts(f"{path}/erase", sure="yes")).status_code == 403
