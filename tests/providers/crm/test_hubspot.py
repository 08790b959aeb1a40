"""HubSpot is added to, never overwritten: requests as its CRM v3 documentation has them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from domain.errors import ProviderError
from providers.crm.hubspot import HubSpot, append_line
from providers.protocols import Crm, Person
from tests.providers.wire import Vendor

CONTACTS = "https://api.hubapi.com/crm/v3/objects/contacts"
ADA = Person(
    contact_id="c-1",
    email="ada@example.test",
    first_name="Ada",
    company="Engines Ltd",
    tags=("B2B", "contact-form"),
    audience="Provider Organization",
    form_source="contact",
    original_source="google / cpc / spring",
    latest_source="newsletter / email / may",
    attributes={"industry": "steam", "original_source": "forged", "hubspot_owner_id": "7", "hs_lead_status": "NEW"},
)


def _found(**properties: str | None) -> httpx.Response:
    record = {"id": "512", "properties": properties, "archived": False}
    return httpx.Response(200, json={"status": "COMPLETE", "results": [record]})


def _absent() -> httpx.Response:
    message = "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid."
    error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"ids": ["…"]}}
    return httpx.Response(207, json={"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [error]})


def _written(status: int = 200) -> httpx.Response:
    return httpx.Response(status, json={"id": "512", "properties": {}, "archived": False})


def _hubspot(*answers: httpx.Response | Exception) -> tuple[Vendor, Crm]:
    vendor = Vendor(list(answers))
    return vendor, HubSpot(vendor.client(), "pat-secret")


async def test_a_new_person_is_created_with_the_original_source() -> None:
    vendor, crm = _hubspot(_absent(), _written(201))
    assert await crm.push(ADA) == "512"
    assert vendor.calls == [("POST", f"{CONTACTS}/batch/read"), ("POST", CONTACTS)]
    assert vendor.json(0)["idProperty"] == "email"
    assert vendor.json(0)["inputs"] == [{"id": "ada@example.test"}]
    assert vendor.json() == {
        "properties": {
            "email": "ada@example.test",
            "original_source": "google / cpc / spring",
            "industry": "steam",
            "latest_source": "newsletter / email / may",
            "primary_audience": "Provider Organization",
            "lifecycle_tags": "B2B;contact-form",
            "touch_history": "newsletter / email / may",
            "firstname": "Ada",
            "company": "Engines Ltd",
            "form_source": "contact",
        }
    }
    assert all(request.headers["authorization"] == "Bearer pat-secret" for request in vendor.requests)


async def test_a_known_person_keeps_source_owner_and_corrections_and_is_added_to() -> None:
    vendor, crm = _hubspot(
        _found(
            firstname="Augusta",
            company=None,
            lifecycle_tags="VIP;B2B",
            touch_history="google / cpc / spring\n",
            form_source="demo",
        ),
        _written(),
    )
    assert await crm.push(ADA) == "512"
    assert vendor.calls[1] == ("PATCH", f"{CONTACTS}/512")
    assert vendor.json() == {
        "properties": {
            "industry": "steam",
            "latest_source": "newsletter / email / may",
            "primary_audience": "Provider Organization",
            "lifecycle_tags": "VIP;B2B;contact-form",
            "touch_history": "google / cpc / spring\nnewsletter / email / may",
            "company": "Engines Ltd",
        }
    }
    assert "original_source" not in vendor.sent()
    assert "hubspot_owner_id" not in vendor.sent()
    assert "forged" not in vendor.sent()


async def test_a_person_without_values_clears_nothing() -> None:
    vendor, crm = _hubspot(_found(firstname="Ada", lifecycle_tags="VIP", touch_history="google"))
    assert await crm.push(Person(contact_id="c-1", email="ada@example.test", attributes={"industry": ""})) == "512"
    assert len(vendor.requests) == 1


async def test_a_repeated_push_writes_no_second_touch() -> None:
    vendor, crm = _hubspot(_found(touch_history="first\nnewsletter / email / may"), _written())
    await crm.push(ADA)
    assert "touch_history" not in vendor.json()["properties"]


@pytest.mark.parametrize("reader", ["push", "set_status"])
async def test_a_contact_that_exists_under_another_address_is_updated(reader: str) -> None:
    conflict = {"status": "error", "message": "Contact already exists. Existing ID: 77", "category": "CONFLICT"}
    held = httpx.Response(200, json={"results": [{"id": "77", "properties": {"touch_history": "first"}}]})
    vendor, crm = _hubspot(_absent(), httpx.Response(409, json=conflict), held, _written())
    if reader == "push":
        assert await crm.push(ADA) == "77"
    else:
        await crm.set_status("ada@example.test", "Demo Scheduled", "Demo booked", "k-1")
    assert vendor.json(2)["inputs"] == [{"id": "77"}]
    assert "idProperty" not in vendor.json(2)
    assert vendor.calls[3] == ("PATCH", f"{CONTACTS}/77")
    assert "original_source" not in vendor.json(3)["properties"]


async def test_a_conflict_that_names_nobody_is_tried_again() -> None:
    _, crm = _hubspot(_absent(), httpx.Response(409, json={"message": "Conflict"}))
    with pytest.raises(ProviderError) as caught:
        await crm.push(ADA)
    assert (caught.value.code, caught.value.permanent) == ("conflict", False)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_found(is_client="true"), True),
        (_found(is_client="Yes"), True),
        (_found(is_client="false"), False),
        (_found(is_client=None), False),
        (_absent(), False),
    ],
)
async def test_is_client_is_read_from_the_crm(answer: httpx.Response, expected: bool) -> None:
    vendor, crm = _hubspot(answer)
    assert await crm.is_client("ada@example.test") is expected
    assert "is_client" in vendor.json()["properties"]
    assert "ada" not in str(vendor.requests[0].url)


async def test_status_and_summary_line_are_one_write() -> None:
    vendor, crm = _hubspot(_found(engagement_summary="Asked for prices [k-0]"), _written())
    await crm.set_status("ada@example.test", "Demo Scheduled", "Demo booked\nfor 5 March", "k-1")
    assert vendor.json() == {
        "properties": {
            "hs_lead_status": "Demo Scheduled",
            "engagement_summary": "Asked for prices [k-0]\nDemo booked for 5 March [k-1]",
        }
    }


async def test_a_repeated_key_changes_nothing_even_after_later_ones() -> None:
    vendor, crm = _hubspot(_found(engagement_summary="Demo booked [k-1]\nDemo canceled [k-2]"))
    await crm.set_status("ada@example.test", "Demo Scheduled", "Demo booked", "k-1")
    assert len(vendor.requests) == 1


async def test_a_status_of_an_unknown_person_makes_the_contact() -> None:
    vendor, crm = _hubspot(_absent(), _written(201))
    await crm.set_status("ada@example.test", "Demo Scheduled", "Demo booked", "k-1")
    fields = {
        "email": "ada@example.test",
        "hs_lead_status": "Demo Scheduled",
        "engagement_summary": "Demo booked [k-1]",
    }
    assert vendor.json() == {"properties": fields}


@pytest.mark.parametrize(
    ("body", "headers", "wait"),
    [
        ({"policyName": "TEN_SECONDLY_ROLLING"}, {}, timedelta(seconds=10)),
        ({"policyName": "DAILY"}, {}, timedelta(hours=1)),
        ({"policyName": "SECONDLY"}, {"Retry-After": "4"}, timedelta(seconds=4)),
        ({}, {}, None),
    ],
)
async def test_a_limit_says_how_long_to_wait(body: dict[str, Any], headers: dict[str, str], wait: timedelta) -> None:
    _, crm = _hubspot(httpx.Response(429, headers=headers, json={"status": "error", "errorType": "RATE_LIMIT"} | body))
    with pytest.raises(ProviderError) as caught:
        await crm.is_client("ada@example.test")
    assert (caught.value.code, caught.value.permanent, caught.value.retry_after) == ("rate_limited", False, wait)


async def test_an_unknown_property_is_permanent_and_named() -> None:
    errors = [{"message": 'Property "industry" does not exist', "code": "PROPERTY_DOESNT_EXIST"}]
    refusal = httpx.Response(400, json={"status": "error", "category": "VALIDATION_ERROR", "errors": errors})
    _, crm = _hubspot(_absent(), refusal)
    with pytest.raises(ProviderError, match="industry") as caught:
        await crm.push(ADA)
    assert caught.value.permanent


async def test_an_error_other_than_not_found_is_not_taken_for_an_absence() -> None:
    errors = [{"category": "VALIDATION_ERROR", "message": "bad idProperty"}]
    _, crm = _hubspot(httpx.Response(207, json={"results": [], "numErrors": 1, "errors": errors}))
    with pytest.raises(ProviderError, match="bad idProperty"):
        await crm.push(ADA)


def test_a_full_history_loses_its_middle_never_its_first_line() -> None:
    assert append_line("first\nsecond\nthird", "fourth", limit=20) == "first\nthird\nfourth"
    assert append_line("first", "", limit=20) == "first"
    assert append_line("", "first", limit=20) == "first"


async def test_a_history_of_webinars_is_joined_with_what_hubspot_has() -> None:
    vendor, crm = _hubspot(_found(webinar_history="WB001, WB003", touch_history="first"), _written())
    await crm.push(Person(contact_id="c-1", email="ada@example.test", webinars=["WB003", "WB005"]))
    assert "webinar_history" in vendor.json(0)["properties"]
    assert vendor.json() == {"properties": {"webinar_history": "WB001, WB003, WB005"}}


async def test_a_history_that_hubspot_has_is_not_sent_again() -> None:
    vendor, crm = _hubspot(_found(webinar_history="WB003, WB005", touch_history="first"))
    await crm.push(Person(contact_id="c-1", email="ada@example.test", webinars=["WB003", "WB005"]))
    assert len(vendor.requests) == 1


async def test_a_person_is_erased_by_the_records_id_and_an_unknown_address_is_never_named() -> None:
    """HubSpot blocklists for good an address that it is asked to delete and does not know."""
    vendor, crm = _hubspot(_found(), httpx.Response(204))
    await crm.erase("ada@example.test")
    assert vendor.calls == [("POST", f"{CONTACTS}/batch/read"), ("POST", f"{CONTACTS}/gdpr-delete")]
    assert vendor.json() == {"objectId": "512"}
    vendor, crm = _hubspot(_absent())
    await crm.erase("ada@example.test")
    assert vendor.calls == [("POST", f"{CONTACTS}/batch/read")]


async def test_a_refused_erasure_is_told_as_one() -> None:
    _, crm = _hubspot(_found(), httpx.Response(400, json={"message": "no"}))
    with pytest.raises(ProviderError) as refused:
        await crm.erase("ada@example.test")
    assert refused.value.final
