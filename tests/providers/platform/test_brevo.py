"""Brevo is told of people by the requests that its documentation has, and never has an opt-out undone."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from domain.errors import ProviderError
from providers.platform.brevo import Brevo
from providers.protocols import Person, Platform
from tests.providers.wire import Vendor

CONTACTS = "https://api.brevo.com/v3/contacts"
FIND = f"{CONTACTS}/ada%40example.test?identifierType=email_id"
ADA = Person(
    contact_id="c-1",
    email="ada@example.test",
    first_name="Ada",
    tags=("B2B", "contact-form"),
    audience="Provider Organization",
    original_source="google / cpc / spring",
    latest_source="newsletter / email / may",
    attributes={"webinar history": "WB003, WB005", "original_source": "forged"},
)


def _brevo(*answers: httpx.Response | Exception, list_ids: tuple[int, ...] = ()) -> tuple[Vendor, Platform]:
    vendor = Vendor(list(answers))
    return vendor, Brevo(vendor.client(), "xkeysib-secret", list_ids=list_ids)


def _absent() -> httpx.Response:
    return httpx.Response(404, json={"code": "document_not_found", "message": "Contact does not exist"})


async def test_a_new_person_is_created_with_the_original_source() -> None:
    vendor, platform = _brevo(_absent(), httpx.Response(201, json={"id": 21}), list_ids=(4,))
    assert await platform.push(ADA) == "21"
    assert vendor.calls == [("GET", FIND), ("POST", CONTACTS)]
    assert vendor.json() == {
        "email": "ada@example.test",
        "updateEnabled": False,
        "listIds": [4],
        "attributes": {
            "WEBINAR_HISTORY": "WB003, WB005",
            "FIRSTNAME": "Ada",
            "TAGS": "B2B, contact-form",
            "AUDIENCE": "Provider Organization",
            "LATEST_SOURCE": "newsletter / email / may",
            "ORIGINAL_SOURCE": "google / cpc / spring",
        },
    }
    assert all(request.headers["api-key"] == "xkeysib-secret" for request in vendor.requests)


async def test_a_known_person_is_updated_without_the_original_source() -> None:
    vendor, platform = _brevo(httpx.Response(200, json={"id": 21, "email": "ada@example.test"}), httpx.Response(204))
    assert await platform.push(ADA) == "21"
    assert vendor.json()["updateEnabled"] is True
    assert "ORIGINAL_SOURCE" not in vendor.sent()
    assert "emailBlacklisted" not in vendor.sent()
    assert "COMPANY" not in vendor.sent(), "an empty value would clear Brevo's"


async def test_a_contact_made_meanwhile_is_tried_again() -> None:
    duplicate = httpx.Response(400, json={"code": "duplicate_parameter", "message": "Contact already exist"})
    _, platform = _brevo(_absent(), duplicate)
    with pytest.raises(ProviderError) as caught:
        await platform.push(ADA)
    assert (caught.value.code, caught.value.permanent, caught.value.refused) == ("conflict", False, True)


async def test_attributes_are_set_by_address_and_leave_the_others() -> None:
    vendor, platform = _brevo(httpx.Response(204))
    await platform.set_attributes("ada@example.test", {"DEMO_BOOKED": "true", "ORIGINAL_SOURCE": "forged"})
    assert vendor.calls == [("POST", CONTACTS)]
    assert vendor.json() == {
        "email": "ada@example.test",
        "attributes": {"DEMO_BOOKED": "true"},
        "updateEnabled": True,
    }


async def test_a_refused_address_is_permanent_and_says_why() -> None:
    refusal = httpx.Response(400, json={"code": "invalid_parameter", "message": "Invalid email address"})
    _, platform = _brevo(_absent(), refusal)
    with pytest.raises(ProviderError, match="Invalid email address") as caught:
        await platform.push(ADA)
    assert (caught.value.code, caught.value.permanent) == ("rejected", True)


async def test_a_limit_says_how_long_to_wait() -> None:
    limited = httpx.Response(429, headers={"x-sib-ratelimit-reset": "17"}, json={"code": "too_many_requests"})
    _, platform = _brevo(limited)
    with pytest.raises(ProviderError) as caught:
        await platform.set_attributes("ada@example.test", {"A": "1"})
    assert (caught.value.code, caught.value.retry_after) == ("rate_limited", timedelta(seconds=17))


async def test_an_unreachable_platform_leaves_no_doubt_and_a_broken_answer_does() -> None:
    for error, refused in ((httpx.ConnectError("no"), True), (httpx.ReadTimeout("late"), False)):
        _, platform = _brevo(error)
        with pytest.raises(ProviderError) as caught:
            await platform.set_attributes("ada@example.test", {"A": "1"})
        assert (caught.value.code, caught.value.refused) == ("unreachable", refused)


async def test_a_value_that_another_contact_has_is_permanent() -> None:
    """A telephone number that is taken is a duplicate too, and stays one."""
    taken = {"code": "duplicate_parameter", "message": "SMS phone number is already associated with another contact"}
    _, platform = _brevo(httpx.Response(400, json=taken))
    with pytest.raises(ProviderError, match="phone number") as caught:
        await platform.set_attributes("ada@example.test", {"SMS": "+4912345"})
    assert (caught.value.code, caught.value.permanent) == ("rejected", True)


async def test_a_history_of_webinars_is_joined_with_what_brevo_has() -> None:
    known = {"id": 21, "attributes": {"WEBINAR_HISTORY": "WB001, WB003"}}
    vendor, platform = _brevo(httpx.Response(200, json=known), httpx.Response(204))
    person = Person(contact_id="c-1", email="ada@example.test", webinars=["WB003", "WB005"])
    assert await platform.push(person) == "21"
    assert vendor.json()["attributes"] == {"WEBINAR_HISTORY": "WB001, WB003, WB005"}


def _page(kind: str, *found: tuple[int, str]) -> httpx.Response:
    return httpx.Response(200, json={"count": len(found), kind: [{"id": id_, "name": name} for id_, name in found]})


async def test_a_list_that_is_missing_is_made_in_our_folder_and_then_known() -> None:
    vendor, platform = _brevo(
        _page("lists", (7, "Newsletter")),
        _page("folders", (1, "Others")),
        httpx.Response(201, json={"id": 9}),
        httpx.Response(201, json={"id": 12}),
        # Somebody made one of the same name in this very moment: everybody takes the first.
        _page("lists", (7, "Newsletter"), (11, "Webinar WB003"), (12, "Webinar WB003")),
        httpx.Response(204),
        httpx.Response(204),
    )
    for _ in range(2):
        await platform.change_lists("ada@example.test", add=["Webinar WB003"])
    assert [(method, url.removeprefix(CONTACTS).partition("?")[0]) for method, url in vendor.calls] == [
        ("GET", "/lists"), ("GET", "/folders"), ("POST", "/folders"), ("POST", "/lists"), ("GET", "/lists"),
        ("POST", ""), ("POST", ""),
    ]  # fmt: skip
    assert (vendor.json(2), vendor.json(3)) == ({"name": "Perennial"}, {"name": "Webinar WB003", "folderId": 9})
    assert vendor.json() == {
        "email": "ada@example.test", "attributes": {}, "updateEnabled": True, "listIds": [11],
    }  # fmt: skip


async def test_whoever_is_not_on_a_list_is_off_it_already() -> None:
    gone = httpx.Response(400, json={"code": "invalid_parameter", "message": "Contact already removed from list"})
    vendor, platform = _brevo(_page("lists", (4, "Nurture")), gone)
    await platform.change_lists("ada@example.test", remove=["Nurture"])
    assert vendor.calls[-1] == ("POST", f"{CONTACTS}/lists/4/contacts/remove")
    assert vendor.json() == {"emails": ["ada@example.test"]}


@pytest.mark.parametrize("status", [204, 404])
async def test_a_person_is_deleted_and_one_who_is_not_there_counts_as_deleted(status: int) -> None:
    vendor, platform = _brevo(httpx.Response(status, json={"code": "document_not_found"} if status != 204 else None))
    await platform.erase("ada@example.test")
    assert vendor.calls == [("DELETE", FIND)]


async def test_a_refused_deletion_is_told_as_one() -> None:
    _, platform = _brevo(httpx.Response(400, json={"code": "method_not_allowed"}))
    with pytest.raises(ProviderError) as refused:
        await platform.erase("ada@example.test")
    assert refused.value.final
