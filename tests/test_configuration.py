"""The configuration folder: what is wrong is named by file, line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from configuration import BadConfiguration, load_marketing, load_sequences
from tests.core_kit import CONFIG

HEAD = """\
sequence: welcome
name: Welcome
entry: {event: signup}
"""
STEPS = """\
steps:
  - {email: hello, at: 0d}
"""
BRAND = (CONFIG / "marketing.yaml").read_text(encoding="utf-8").partition("# `kind` decides")[0]
LINES = BRAND.count("\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("hello", "again"):
        (tmp_path / "emails" / name).mkdir(parents=True)
    (tmp_path / "sequences").mkdir()
    return tmp_path


def wrong_in(folder: Path, name: str, text: str) -> list[str]:
    """What is wrong with the file, a line each, its path left out."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadConfiguration) as refused:
        load_marketing(folder) if name == "marketing.yaml" else load_sequences(folder)
    return [line.removeprefix(str(path)).removeprefix(":") for line in str(refused.value).splitlines()]


def test_what_is_shipped_can_be_used() -> None:
    assert len(load_sequences(CONFIG)) >= 6
    assert load_marketing(CONFIG).catalogue


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + "steps:\n  - {email: hello, at: soon}\n", "5: steps.0.at: 'soon' is not a delay"),
        (HEAD + "steps:\n  - {email: hello}\n  - {at: 3d}\n", "6: steps.1: a step needs exactly one of email, crm"),
        (HEAD + "steps:\n  - {email: hello, crm: {}}\n", "5: steps.0: a step needs exactly one of"),
        (HEAD + "steps:\n  - email: hello\n    at: 1d\n    latest: 2\n", "7: steps.0.latest: Extra inputs"),
        (HEAD + "steps:\n  - {email: hello, at: 5}\n", "5: steps.0.at: "),
        (HEAD + "steps:\n  - {email: hello, late_after_h: 0}\n", "5: steps.0.late_after_h: Input should be greater"),
        (HEAD + "steps: []\n", "4: steps: List should have at least 1 item"),
        (HEAD, "1: steps: Field required"),
        (HEAD + STEPS + "lane: fast\n", "6: lane: Input should be 'transactional' or 'marketing'"),
        (HEAD + STEPS + "reentry: merge\n", "1: (the whole file): reentry: merge needs collects: orders"),
        (HEAD + STEPS + "  - {email: hello, at: 1d}\n", "1: (the whole file): two steps are called hello"),
        (HEAD.replace("signup", "Sign-Up") + STEPS, "3: entry.event: String should match pattern"),
        (HEAD.replace("welcome", "Wel come") + STEPS, "1: sequence: String should match pattern"),
        (
            HEAD.replace("{event: signup}", "\n  event: signup\n  when:\n    - {field: payload.x}\n") + STEPS,
            "6: entry.when.0: needs a field and exactly one of is, is_not",
        ),
        (
            HEAD.replace("{event: signup}", "\n  event: signup\n  when:\n    - {field: score, is: 1}\n") + STEPS,
            "6: entry.when.0.field: String should match pattern",
        ),
        (HEAD + "steps: [\n", "5: is not YAML"),
        (HEAD + "name: Again\n" + STEPS, "4: is not YAML: found duplicate key"),
        ("just words\n", "1: (the whole file): Input should be"),
        ("", "1: (the whole file): Input should be"),
    ],
)
def test_an_error_in_a_sequence_names_line_and_field(folder: Path, text: str, expected: str) -> None:
    problems = wrong_in(folder, "sequences/one.yaml", text)
    assert len(problems) == 1
    assert problems[0].startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BRAND.replace("  name: Fieldnotes Press\n", ""), "3: brand.name: Field required"),
        (BRAND + "limits:\n  retries: many\n", f"{LINES + 2}: limits.retries: Input should be a valid integer"),
        (BRAND + "approvals:\n  expiry: 1h\n", f"{LINES + 1}: approvals: reminder, escalation and expiry must come"),
        (BRAND + "approvals:\n  expiry: never\n", f"{LINES + 2}: approvals.expiry: 'never' is not a delay"),
        (
            BRAND + "catalogue:\n  - key: a\n    name: A\n    kind: course\n    price: 1\n",
            f"{LINES + 4}: catalogue.0.kind: Input should be 'training' or 'digital'",
        ),
        (
            BRAND + "catalogue:\n  - {key: a, name: A, kind: training, price: 1, related: [b]}\n",
            "1: (the whole file): product a is related to b, which is not in the catalogue",
        ),
        (BRAND + "colour: red\n", f"{LINES + 1}: colour: Extra inputs are not permitted"),
    ],
)
def test_an_error_in_the_marketing_file_names_line_and_field(folder: Path, text: str, expected: str) -> None:
    problems = wrong_in(folder, "marketing.yaml", text)
    assert len(problems) == 1
    assert problems[0].startswith(expected)


def test_everything_that_is_wrong_is_told_at_once(folder: Path) -> None:
    (folder / "sequences" / "first.yaml").write_text(HEAD + "steps: []\nlane: fast\n", encoding="utf-8")
    (folder / "sequences" / "second.yaml").write_text(HEAD + "steps:\n  - {email: away}\n", encoding="utf-8")
    with pytest.raises(BadConfiguration) as refused:
        load_sequences(folder)
    told = str(refused.value).splitlines()
    assert [Path(line.split(":")[0]).name for line in told] == ["first.yaml", "first.yaml", "second.yaml"]
    assert "there is no e-mail 'away'" in told[2]


def test_two_files_of_the_same_sequence_are_refused(folder: Path) -> None:
    for name in ("first", "second"):
        (folder / "sequences" / f"{name}.yaml").write_text(HEAD + STEPS, encoding="utf-8")
    with pytest.raises(BadConfiguration, match=r"second\.yaml:1: sequence: .*welcome.*first\.yaml"):
        load_sequences(folder)


def test_an_email_that_is_not_there_is_named_with_its_line(folder: Path) -> None:
    problems = wrong_in(folder, "sequences/one.yaml", HEAD + STEPS + "  - {email: away, at: 1d}\n")
    assert problems[0].startswith("6: steps.1.email: there is no e-mail 'away'")


def test_a_file_that_is_missing_or_no_text_is_told_in_a_sentence(folder: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"marketing\.yaml: cannot be read \(FileNotFoundError\)"):
        load_marketing(folder)
    (folder / "sequences" / "bad.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadConfiguration, match=r"bad\.yaml: cannot be read \(UnicodeDecodeError\)"):
        load_sequences(folder)


@pytest.mark.parametrize("text", ["a: \x00\n", "a: !!python/object:os.system x\n", "&a [*a]\n", "? {a: b}\n"])
def test_odd_yaml_is_refused_like_any_other(folder: Path, text: str) -> None:
    assert wrong_in(folder, "sequences/one.yaml", text)
