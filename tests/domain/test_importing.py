"""Which column is what, and what is wrong with a row."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.errors import Invalid
from domain.importing import IGNORE, WrongRow, check_columns, guess, read_row

COLUMNS = ["email", "first_name", "tags", "timezone", "consented_at", "opted_out", "attribute:plan"]
CELLS = ["Ada@Example.com ", "Ada", "B2B; lead, B2B", "Europe/London", "2026-03-31", "no", "pro"]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (["Email Address", "First Name", "TAGS"], ["email", "first_name", "tags"]),  # Mailchimp
        (["EMAIL", "FIRSTNAME", "EMAIL_BLACKLISTED"], ["email", "first_name", "opted_out"]),  # Brevo
        (["Email", "Company name", "Lead Source"], ["email", "company", "source"]),  # HubSpot
        (["email", "mail", "Favourite colour"], ["email", "attribute:mail", "attribute:favourite_colour"]),
        (["email", "", "★"], ["email", IGNORE, IGNORE]),
    ],
)
def test_columns_are_known_by_the_names_that_other_systems_give_them(header: list[str], columns: list[str]) -> None:
    assert guess(header) == columns


def test_a_row_is_read_as_a_person() -> None:
    person = read_row(COLUMNS, CELLS)
    assert person.email == "ada@example.com"
    assert person.words == {"first_name": "Ada", "timezone": "Europe/London"}
    assert person.tags == ("B2B", "lead")
    assert person.attributes == {"plan": "pro"}
    assert person.consented_at == datetime(2026, 3, 31, tzinfo=UTC)
    assert not person.opted_out


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("email", "", "no email address"),
        ("email", "ada at example", "not an email address"),
        ("timezone", "Mars/Olympus", "Europe/Berlin"),
        ("timezone", "../../etc/passwd", "Europe/Berlin"),
        ("consented_at", "last spring", "2026-03-31"),
        ("opted_out", "maybe", "yes or no"),
        ("first_name", "a" * 201, "longer than 200"),
        ("tags", ",".join(map(str, range(51))), "at most 50"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_that_helps(column: str, cell: str, said: str) -> None:
    cells = list(CELLS)
    cells[COLUMNS.index(column)] = cell
    with pytest.raises(WrongRow, match=said):
        read_row(COLUMNS, cells)


def test_a_line_with_too_few_cells_is_wrong() -> None:
    with pytest.raises(WrongRow, match="The line has 2 cells, the first line has 7"):
        read_row(COLUMNS, CELLS[:2])


@pytest.mark.parametrize(
    ("cell", "opted_out"), [("yes", True), ("TRUE", True), ("2026-01-05 10:00", True), ("", False)]
)
def test_a_persons_no_is_understood_in_every_spelling(cell: str, opted_out: bool) -> None:
    cells = [*CELLS[:5], cell, "pro"]
    assert read_row(COLUMNS, cells).opted_out is opted_out


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["first_name", IGNORE], "Match one column to Email"),
        (["email", "email"], "Two columns are matched to Email"),
        (["email", "is_client"], "no field is_client"),
        (["email"], "2 columns, and 1 were matched"),
        (["email", "attribute:../x"], "no field"),
    ],
)
def test_a_mapping_that_cannot_be_carried_out_is_refused(columns: list[str], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        check_columns(columns, 2)
