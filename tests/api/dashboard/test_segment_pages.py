"""Segments on their pages: conditions are added, counted, kept and explained."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import pytest
from starlette.datastructures import FormData, UploadFile

from api.dashboard.segment_form import NAMES, Row, filter_of, row_of, rows_of
from domain.errors import Invalid
from domain.segments import KINDS, All, AnyOf, HasTag, Not
from tests.api.dashboard.people import Person


def as_form(match: str, rows: Sequence[Row]) -> FormData:
    pairs: list[tuple[str, str | UploadFile]] = [("match", match)]
    for number, row in enumerate(rows):
        pairs.append((f"c{number}-kind", row.kind))
        pairs += [(f"c{number}-{one.name}", one.value) for one in row.inputs if one.value]
        pairs += [(f"c{number}-not", "yes")] if row.negated else []
    return FormData(pairs)


def test_every_kind_of_condition_has_a_name_and_a_row() -> None:
    assert set(NAMES) == set(KINDS)
    assert all(row_of(kind).inputs for kind in KINDS)


def test_one_group_of_conditions_goes_through_the_form_unchanged() -> None:
    node = filter_of(
        FormData(
            [("json", ('{"any": [{"kind": "event", "event": "seen", "count": 3, "days": 9}, '
                      '{"not": {"kind": "tag", "tag": "x"}}, {"kind": "attribute", "name": "n", "op": "exists"}]}'))]
        )
    )  # fmt: skip
    found = rows_of(node)
    assert found is not None
    match, rows = found
    assert filter_of(as_form(match, rows)) == node


def test_deeper_groups_are_written_as_data() -> None:
    assert rows_of(All(all=[AnyOf(any=[HasTag(tag="a")])])) is None
    assert rows_of(All(all=[Not(negated=HasTag(tag="a"))])) is not None


@pytest.mark.parametrize("text", ["{", '{"all": [{"kind": "wealth"}]}', "[" * 2000])
def test_data_that_is_no_filter_is_refused_in_words(text: str) -> None:
    with pytest.raises(Invalid):
        filter_of(FormData([("json", text)]))


async def test_a_segment_is_built_counted_kept_and_removed(marketing_person: Person) -> None:
    key = f"seg_{uuid4().hex[:8]}"
    fields = {"key": key, "name": "Them <b>", "match": "all", "add": "tag", "then": "count"}
    answer = await marketing_person.posts("/segments/new", **fields)
    assert answer.status_code == 200
    assert 'name="c0-tag"' in answer.text
    condition = {"c0-kind": "tag", "c0-tag": "nobody-has-this"}
    counted = await marketing_person.posts("/segments/new", **{**fields, "add": "", **condition})
    assert "<b>0</b> people are" in counted.text
    kept = await marketing_person.posts("/segments/new", **{**fields, "then": "save", **condition})
    assert (kept.status_code, kept.headers["location"]) == (303, f"/segments/{key}")
    page = await marketing_person.opens(f"/segments/{key}")
    assert "Them &lt;b&gt;" in page
    assert "has the tag “nobody-has-this”" in page
    assert "Nobody has this address" in await marketing_person.opens(f"/segments/{key}?email=nobody@example.com")
    wrong = await marketing_person.posts(f"/segments/{key}/edit", **{**fields, "then": "save", "json": "{"})
    assert (wrong.status_code, "This is not JSON" in wrong.text) == (422, True)
    assert (await marketing_person.posts(f"/segments/{key}/remove")).status_code == 303
