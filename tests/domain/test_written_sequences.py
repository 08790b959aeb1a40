"""A written sequence is what people write: the same YAML, held to the same rules, with words for each of its mails."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from configuration import load_sequences, read_sequence
from domain.assets import digest, texts
from domain.content import KINDS
from domain.errors import Invalid
from domain.mail_words import MailWords, roots
from domain.written_sequences import WrittenSequence
from tests.written_kit import ALL, brief, folder, mails, written

# In days after what each counts from, as SPEC S5 and J4 have them.
DAYS = {
    "welcome": {"delivery": 0, "story": 1, "readers": 3, "mistake": 5, "offer": 7},
    "education": {"1": 0, "2": 7, "3": 14, "4": 21, "5": 28, "6": 35},
    "launch": {"early": -7, "preview": -3, "day": 0, "questions": 2, "last": 4},
    "cart": {"1h": 1 / 24, "24h": 1, "48h": 2},
    "post_purchase": {"1": 1, "7": 7, "14": 14},
    "reengagement": {"1": 0, "2": 4, "3": 10},
    "upsell": {"1": 21, "2": 24, "3": 28},
    "webinar": {"attended": 0, "missed": 0, "unknown": 0},
}
CODES = {"welcome": [(3, 20), (7, 20)], "launch": [(0, 15)], "reengagement": [(4, 25)]}


@pytest.mark.parametrize("kind", ALL)
def test_its_days_and_codes_are_those_of_its_kind(kind: str) -> None:
    sequence = written(kind).sequence
    steps = [step for step in sequence.walk() if step.kind == "email"]
    assert {step.key.removeprefix(f"franklin_{kind}_"): step.at.nominal_s / 86_400 for step in steps} == DAYS[kind]
    codes = [(step.at.days, step.body["percent"]) for step in sequence.walk() if step.kind == "discount"]
    assert codes == CODES.get(kind, [])


def test_all_eight_pass_the_check_of_files(tmp_path: Path) -> None:
    """The definition as it stands, and every mail as the folder that its step names."""
    ours = [written(kind, brief(kind, product)) for kind in ALL for product in ("franklin", "art-of-war")]
    found = {one.sequence for one in load_sequences(folder(tmp_path / "config", *ours))}
    assert {one.sequence.sequence for one in ours} <= found
    assert {"franklin_welcome", "art_of_war_post_purchase"} <= found


@pytest.mark.parametrize("kind", ALL)
def test_each_stands_in_for_the_shipped_one_that_begins_by_the_same(kind: str) -> None:
    sequence = written(kind).sequence
    assert bool(sequence.instead_of) == (kind != "launch")
    assert bool(sequence.entry.when) == (kind != "launch")
    assert sequence.product == "franklin"


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"definition": "sequence: a\n"}, "definition.name: Field required"),
        ({"definition": "a: [1\n"}, "line 1 of the definition is not YAML"),
        ({"definition": "a: &b [1]\nc: *b\n"}, "line 2 of the definition uses an alias"),
        ({"definition": ""}, "must not be empty"),
        ({"mails": mails(2)}, "mails: must be 3, one for each of franklin_cart_1h"),
        ({"mails": [mails(1)[0]] * 3}, "two of them have the same subject"),
        ({"mails": mails(3, body="{{ magnet.url | unknown }}")}, "cannot say {{ magnet.url | unknown }}"),
        ({"mails": mails(3, body="{% if book %}")}, "has an if that is not closed"),
        ({"mails": mails(3, body="{% include 'x' %}")}, "cannot say {% include"),
        ({"mails": mails(3, body="Half a {{ brand.name")}, "belongs to nothing"),
        ({"mails": mails(3, body="{{ webinar.title }}")}, "mails.0: knows nothing of webinar"),
        ({"mails": mails(3, body="[recommendations]")}, "mails.0: knows nothing of recommendations"),
        ({"mails": mails(3, body="[codes]")}, "has no block [codes]"),
        ({"mails": mails(3, subject="Two\nlines")}, "must be one line"),
    ],
)
def test_what_could_not_be_sent_is_refused_with_the_reason(body: dict[str, object], wrong: str) -> None:
    whole = {**written("cart").model_dump(mode="json"), **body}
    with pytest.raises(ValidationError) as refused:
        WrittenSequence.model_validate(whole)
    assert wrong in str(refused.value)


def test_the_house_says_when_and_whom_and_no_writer_is_asked() -> None:
    shape = KINDS["sequence_welcome"].asked_of(brief("welcome"))
    assert list(shape.model_json_schema()["properties"]) == ["mails"]
    with pytest.raises(ValidationError, match="definition"):
        WrittenSequence.model_validate({"mails": mails(5)})


@pytest.mark.parametrize(("kind", "option"), [("welcome", "magnet"), ("launch", "launch_date"), ("webinar", "webinar")])
def test_a_brief_that_says_too_little_is_refused_before_anything_is_written(kind: str, option: str) -> None:
    with pytest.raises(Invalid, match=option):
        KINDS[f"sequence_{kind}"].asked_of(brief(kind, **{option: ""}))


def test_an_edited_definition_is_read_as_a_file_is(tmp_path: Path) -> None:
    whole = written("upsell")
    edited = whole.model_dump(mode="json") | {"definition": whole.definition.replace("at: 28d", "at: 30d")}
    again = WrittenSequence.model_validate(edited)
    assert again.sequence.step("franklin_upsell_3").at.days == 30
    place = folder(tmp_path / "config", again)
    assert read_sequence(again.definition, "text", place) == again.sequence


def test_liquid_is_understood_by_its_names() -> None:
    assert roots('{{ contact.first_name | given_name | default: "there" }}{% if book.price %}{% endif %}') == {
        "contact",
        "book",
    }
    assert MailWords(subject="a", preheader="b", body="[code]\n\n[cart]").speaks() == {"discount", "cart"}


def test_what_is_read_of_it_are_the_mails_and_what_is_approved_is_all_of_it() -> None:
    made = written("cart")
    assert "The words of mail 2." in "\n".join(texts(made))
    assert "workflow: CartRecovery" not in "\n".join(texts(made))
    later = made.model_copy(update={"definition": made.definition.replace("at: 24h", "at: 25h")})
    assert digest(later) != digest(made)
