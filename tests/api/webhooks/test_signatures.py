"""Only what a vendor signed, within five minutes of now, gets in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.webhooks import SOURCES, configured
from api.webhooks.base import BadSignature
from tests.api.webhooks.kits import BODY, NOW, Kit, Request, make_kit

Mutation = Callable[[Kit, Request], Request]


def _flipped_body(_: Kit, request: Request) -> Request:
    return replace(request, body=bytes([request.body[0] ^ 1]) + request.body[1:])


def _trailing_space(_: Kit, request: Request) -> Request:
    return replace(request, body=request.body + b" ")


def _stripped_body(_: Kit, request: Request) -> Request:
    return replace(request, body=request.body.rstrip())


def _empty_body(_: Kit, request: Request) -> Request:
    return replace(request, body=b"")


def _truncated(kit: Kit, request: Request) -> Request:
    return request.set(kit.signature_header, lambda value: value[:-4])


def _other_secret(kit: Kit, request: Request) -> Request:
    return kit.sign(request.body, which="strange")


def _missing(kit: Kit, request: Request) -> Request:
    return request.without(kit.signature_header)


def _blank(kit: Kit, request: Request) -> Request:
    return request.set(kit.signature_header, lambda _: "")


def _upper_cased(kit: Kit, request: Request) -> Request:
    return request.set(kit.signature_header, str.upper)


def _wrong_version(kit: Kit, request: Request) -> Request:
    versions = {"v1=": "v2=", "v1,": "v2,", "sha256=": "sha1="}
    known = next((version for version in versions if version in dict(request.headers)[kit.signature_header]), None)
    if known is None:  # SendGrid's signature names no version: its fields change places instead.
        assert kit.time_header
        return request.set(kit.signature_header, lambda _: dict(request.headers)[str(kit.time_header)])
    return request.set(kit.signature_header, lambda value: value.replace(known, versions[known]))


def _second_header(kit: Kit, request: Request) -> Request:
    return request.adding(kit.signature_header, "t=1,v1=garbage")


def _of_another_body(kit: Kit, request: Request) -> Request:
    return replace(kit.sign(b"[]"), body=request.body)


def _moved_time(kit: Kit, request: Request) -> Request:
    """Within the window, but not the time that was signed; GitHub signs none, and there its old header is used."""
    if kit.time_header is None:
        return replace(request, headers=tuple((key.replace("-256", ""), value) for key, value in request.headers))
    stamp = str(int(NOW.timestamp()))
    return request.set(kit.time_header, lambda value: value.replace(stamp, str(int(stamp) + 1)))


def _old(kit: Kit, request: Request) -> Request:
    """For GitHub, which signs no time: a signature of the right length that nobody made."""
    if kit.time_header is None:
        return request.set(kit.signature_header, lambda value: "sha256=" + "0" * len(value.partition("=")[2]))
    return kit.sign(request.body, NOW - timedelta(seconds=301))


def _future(kit: Kit, request: Request) -> Request:
    """For GitHub, which signs no time: letters that no comparison of bytes expects."""
    if kit.time_header is None:
        return request.set(kit.signature_header, lambda value: value[:-1] + "é")
    return kit.sign(request.body, NOW + timedelta(seconds=301))


FORGERIES: tuple[Mutation, ...] = (
    _flipped_body,
    _trailing_space,
    _stripped_body,
    _empty_body,
    _truncated,
    _other_secret,
    _missing,
    _blank,
    _upper_cased,
    _wrong_version,
    _second_header,
    _of_another_body,
    _moved_time,
    _old,
    _future,
)
MUTATIONS = {forge.__name__.removeprefix("_"): forge for forge in FORGERIES}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_forged_request_is_refused(kit: Kit, mutation: str) -> None:
    genuine = kit.sign()
    kit.verify(genuine)
    forged = MUTATIONS[mutation](kit, genuine)
    assert forged != genuine
    with pytest.raises(BadSignature):
        kit.verify(forged)


def test_there_are_at_least_twelve_mutations() -> None:
    assert len(MUTATIONS) >= 12


@pytest.mark.parametrize("age_s", [-300, -299, 0, 299, 300])
def test_a_signature_within_five_minutes_of_now_is_accepted(kit: Kit, age_s: int) -> None:
    kit.verify(kit.sign(at=NOW - timedelta(seconds=age_s)))


@pytest.mark.parametrize("age_s", [-86_400, -301, 301, 86_400])
def test_a_signature_further_from_now_is_refused_on_both_sides(kit: Kit, age_s: int) -> None:
    request = kit.sign(at=NOW - timedelta(seconds=age_s))
    if kit.time_header is None:
        kit.verify(request)  # GitHub signs no time, so there is nothing that could be too old.
        return
    with pytest.raises(BadSignature):
        kit.verify(request)


@pytest.mark.parametrize("written", ["+{}", " {}", "{}.0", "1_0{}", "{}" + "0" * 5000, "٣", "", "-1", "nan"])
def test_a_time_that_is_not_plain_digits_is_refused(kit: Kit, written: str) -> None:
    if kit.time_header is None:
        return
    stamp = str(int(NOW.timestamp()))
    genuine = dict(kit.sign().headers)
    value = genuine[kit.time_header].replace(stamp, written.format(stamp)).encode().decode("latin-1")
    request = Request(tuple((genuine | {kit.time_header: value}).items()))
    with pytest.raises(BadSignature):
        kit.verify(request)


@pytest.mark.parametrize("name", ["stripe", "calendly"])
def test_an_old_signature_is_not_renewed_by_a_second_time_in_its_header(name: str) -> None:
    kit = make_kit(name)
    old = kit.sign(at=NOW - timedelta(hours=1))
    fresh = f"t={int(NOW.timestamp())}"
    for forge in (f"{{}},{fresh}", f"{fresh},{{}}"):
        with pytest.raises(BadSignature):
            kit.verify(old.set(kit.signature_header, forge.format))


def test_both_secrets_are_accepted_while_one_replaces_the_other(kit: Kit) -> None:
    kit.verify(kit.sign(which="current"))
    kit.verify(kit.sign(which="former"))


def test_a_former_secret_is_refused_once_it_is_taken_out(kit: Kit) -> None:
    rotated = configured({kit.name: [kit.secrets["current"]]})[kit.name]
    request = kit.sign(which="former")
    with pytest.raises(BadSignature):
        rotated.verify(request.parsed, request.body, NOW)


@pytest.mark.parametrize("secret", ["", "   ", "whsec_", "\n"])
def test_a_source_with_an_empty_secret_is_not_configured(secret: str) -> None:
    assert configured({name: [secret] for name in SOURCES}) == {}


def test_an_empty_secret_beside_a_real_one_does_not_let_anybody_sign() -> None:
    source = configured({"calendly": ["", "real secret"]})["calendly"]
    empty = replace(make_kit("calendly"), secrets={"current": ""}).sign()
    with pytest.raises(BadSignature):
        source.verify(empty.parsed, empty.body, NOW)


def test_a_source_without_secrets_is_absent_and_the_others_are_there() -> None:
    assert list(configured({"stripe": ["one"], "github": []})) == ["stripe"]


def test_a_key_of_another_kind_than_the_vendors_refuses_everything() -> None:
    source = configured({"sendgrid": ["bm90IGEga2V5"]})["sendgrid"]
    request = make_kit("sendgrid").sign()
    with pytest.raises(BadSignature):
        source.verify(request.parsed, request.body, NOW)


def test_the_vendors_own_rotation_sends_two_signatures_and_one_of_ours_is_enough() -> None:
    kit = make_kit("stripe")
    request = kit.sign().set(kit.signature_header, lambda value: value.replace(",v1=", ",v1=0000,v0=1111,v1="))
    kit.verify(request)


def test_no_secret_is_in_the_sources_text_or_in_an_error(kit: Kit) -> None:
    assert kit.secrets["current"] not in repr(kit.source)
    with pytest.raises(BadSignature) as refused:
        kit.verify(_truncated(kit, kit.sign()))
    assert kit.secrets["current"] not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.status == 400


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.characters(max_codepoint=255)), body=st.binary(max_size=200))
def test_no_header_of_a_strangers_gets_in_or_breaks_the_check(kit: Kit, value: str, body: bytes) -> None:
    for header in {kit.signature_header, kit.time_header or kit.signature_header}:
        headers = {**dict(kit.sign(BODY).headers), header: value}
        with pytest.raises(BadSignature):
            kit.verify(Request(tuple(headers.items()), body))
