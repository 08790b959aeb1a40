"""Cells: no formula in a spreadsheet, and the very text again where an import reads them."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.exporting import line_of, plain_cell, safe_cell

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@pytest.mark.parametrize("start", STARTS)
def test_no_text_begins_as_a_formula(start: str) -> None:
    assert safe_cell(f"{start}1+1") == f"'{start}1+1"


@given(st.text(alphabet="'=+-@\t\r\n\uff1dab,;\"", max_size=12))
def test_every_text_comes_back_as_it_was(text: str) -> None:
    (cells,) = csv.reader(io.StringIO(line_of([text, "x"]), newline=""))
    assert [plain_cell(cell) for cell in cells] == [text, "x"]


def test_a_number_stays_a_number() -> None:
    assert [safe_cell(value) for value in (-1, True, None, [], ["a"])] == ["-1", "yes", "", "", '["a"]']
