"""Lists of who came, as webinar tools export them."""

from __future__ import annotations

import pytest

from domain.attendance import Fault, read
from domain.errors import Invalid


def test_an_export_with_lines_above_its_columns_and_a_column_of_yes_and_no_is_read() -> None:
    people = "Yes;Ada;Ada@Example.com\nNo;Bob;bob@example.com\n"
    text = f"Attendee Report\nTopic;Quiet nights\nAttended;User Name;Email\n{people}"
    assert read(text.encode()).came == {"ada@example.com": 4}


def test_each_row_that_cannot_be_used_is_named_with_its_line() -> None:
    found = read(b"\xef\xbb\xbfemail\nada@example.com\nnot an address\n\nada@example.com\n")
    assert found.came == {"ada@example.com": 2}
    assert [(fault.line, fault.address) for fault in found.faults] == [(3, "not an address")]
    assert isinstance(found.faults[0], Fault)


@pytest.mark.parametrize("content", [b"", b"name\nAda\n", b"\xff\xfe\x00"])
def test_a_file_that_is_no_such_list_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(Invalid):
        read(content)
