"""The configuration folder: what is wrong is named by file, line and field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from configuration import BadConfiguration, check_reactions, load_marketing, load_reactions, load_sequences
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
        (HEAD + "steps:\n  - {email: hello}\n  - {at: 3d}\n", "6: steps.1: a step needs exactly one of email, in_app"),
        (HEAD + "steps:\n  - {email: hello, crm: {}}\n", "5: steps.0: a step needs exactly one of"),
        (HEAD + "steps:\n  - email: hello\n    at: 1d\n    latest: 2\n", "7: steps.0.latest: Extra inputs"),
        (HEAD + "steps:\n  - {email: hello, at: 5}\n", "5: steps.0.at: "),
        (HEAD + "steps:\n  - {email: hello, late_after_h: 0}\n", "5: steps.0.late_after_h: Input should be greater"),
        (HEAD + "steps: []\n", "4: steps: List should have at least 1 item"),
        (HEAD, "1: steps: Field required"),
        (
            "sequence: a\nname: A\nentry: {segment: all, browser: true}\n" + STEPS,
            "3: entry: browser belongs to an event",
        ),
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
        (HEAD + STEPS + "send_window: 9 to 5\n", "6: send_window.0: '9 to 5' is no window; write it like mon-fri 09:"),
        (HEAD + STEPS + "send_window: [mon, 17:00-26:00]\n", "6: send_window.1: '17:00-26:00' are no hours"),
        (HEAD + STEPS + "lane: transactional\nsend_window: mon\n", "1: (the whole file): lane: transactional is never"),
        (HEAD + "steps:\n  - {wait: 1d, send_window: mon}\n", "5: steps.0: send_window belongs to a mail"),
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
        (BRAND + "limits:\n  quiet_hours: late\n", f"{LINES + 2}: limits.quiet_hours: 'late' is no window"),
        (BRAND + "limits:\n  quiet_hours: mon-sun\n", f"{LINES + 1}: limits: quiet_hours cover the whole week"),
        (BRAND + "limits:\n  cap: {mails: 0, per: 1d}\n", f"{LINES + 2}: limits.cap.mails: Input should be greater"),
        (BRAND + "limits:\n  cap: {mails: 2, per: 0d}\n", f"{LINES + 2}: limits.cap: per must be longer"),
        (BRAND + "limits:\n  cap:\n    mails: 2\n", f"{LINES + 2}: limits.cap.per: Field required"),
        (BRAND + "topics:\n  - {key: marketing, title: All}\n", "1: (the whole file): topics need keys that differ"),
        (BRAND + "colour: red\n", f"{LINES + 1}: colour: Extra inputs are not permitted"),
        (BRAND + "content_paths:\n  - blog/**\n  - /blog\n", f"{LINES + 3}: content_paths.1: a path is written from"),
        (BRAND + "content_paths:\n  - b**/*.md\n", f"{LINES + 2}: content_paths.0: ** stands for whole folders"),
        (BRAND + "sites:\n  - https://shop.example/\n", f"{LINES + 2}: sites.0: String should match pattern"),
    ],
)
def test_an_error_in_the_marketing_file_names_line_and_field(folder: Path, text: str, expected: str) -> None:
    problems = wrong_in(folder, "marketing.yaml", text)
    assert len(problems) == 1
    assert problems[0].startswith(expected)


@pytest.mark.parametrize(
    ("cover", "expected"),
    [
        ("none.png", "there is no file none.png below "),
        ("../outside.png", "there is no file ../outside.png below "),
        ("words.png", "words.png is no picture; there are AVIF, JPEG, PNG, WEBP"),
        ("drawn.svg", "drawn.svg is no picture"),
        ("large.png", "large.png has 500,001 bytes; save it smaller, at most 500,000 are sent to visitors"),
    ],
)
def test_a_cover_that_cannot_be_shown_is_named_with_its_line(folder: Path, cover: str, expected: str) -> None:
    (folder.parent / "outside.png").write_bytes((CONFIG / "books" / "covers" / "walden.png").read_bytes())
    (folder / "words.png").write_text("No picture.", encoding="utf-8")
    (folder / "drawn.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    (folder / "large.png").write_bytes(b"\x89PNG".ljust(500_001))
    product = f"catalogue:\n  - key: a\n    name: A\n    kind: digital\n    cover: {cover}\n"
    [problem] = wrong_in(folder, "marketing.yaml", BRAND + product)
    assert problem.startswith(f"{LINES + 5}: catalogue.0.cover: {expected}")


def test_a_window_that_the_quiet_hours_cover_is_named_with_its_line(folder: Path) -> None:
    quiet = BRAND + "limits:\n  quiet_hours: 21:00-08:00\n"
    (folder / "marketing.yaml").write_text(quiet, encoding="utf-8")
    night = HEAD + "steps:\n  - email: hello\n    send_window: 22:00-07:00\n"
    problems = wrong_in(folder, "sequences/one.yaml", night)
    assert len(problems) == 1
    assert problems[0].startswith("6: steps.0.send_window: the quiet hours of marketing.yaml cover this window")


def test_a_topic_that_nobody_can_choose_is_named_with_its_line(folder: Path) -> None:
    topics = "topics:\n  - {key: news, title: News}\n"
    (folder / "marketing.yaml").write_text(BRAND + topics, encoding="utf-8")
    problems = wrong_in(folder, "sequences/one.yaml", HEAD + STEPS + "topic: offers\n")
    assert problems == ["6: topic: offers is not among the topics of marketing.yaml (news)"]


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


RULE = "- reaction: thank\n  on: first_review\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RULE, ":1: 0.do: Field required"),
        (RULE + "  do:\n    - tag: a\n      event: b\n", ":4: 0.do.0: name exactly one of"),
        (RULE + "  delay: soon\n  do: [{tag: a}]\n", ":3: 0.delay: 'soon' is not a delay"),
        (RULE + "  when:\n    - {field: score, above: 1}\n  do: [{tag: a}]\n", ":4: 0.when.0"),
        (RULE + "  do: [{tag: a}]\n" + RULE + "  do: [{tag: a}]\n", ":4: 1.reaction: thank is the name of another"),
        (RULE + "  do:\n    - enrol: away\n", ":4: 0.do.0.enrol: there is no sequence away"),
    ],
)
def test_an_error_in_a_reaction_names_line_and_field(folder: Path, text: str, expected: str) -> None:
    (folder / "reactions.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadConfiguration) as refused:
        check_reactions(folder, [])
    assert expected in str(refused.value)


def test_the_shipped_reactions_are_right_and_enrol_in_sequences_that_are_there() -> None:
    assert check_reactions(CONFIG, load_sequences(CONFIG)) == len(load_reactions(CONFIG)) >= 8
    assert load_marketing(CONFIG).reactions == load_reactions(CONFIG)


def test_two_lanes_that_share_a_domain_are_noticed() -> None:
    brand = load_marketing(CONFIG).brand
    assert brand.shared_domain == ""
    shared = brand.model_copy(update={"marketing_from": "Mira <mira@MAIL.fieldnotes.example>"})
    assert shared.shared_domain == "mail.fieldnotes.example"


@pytest.mark.parametrize("name", ["gdpr", "global_opt_out"])
def test_what_people_have_a_right_to_cannot_be_turned_off(folder: Path, name: str) -> None:
    [said] = wrong_in(folder, "marketing.yaml", BRAND + f"compliance:\n  {name}: false\n")
    assert f"compliance.{name}: this cannot be turned off" in said


@pytest.mark.parametrize("word", ["linkedin", "offer_bundle", "funnel"])
def test_a_kind_or_a_channel_can_be_required_to_wait_for_a_person(tmp_path: Path, word: str) -> None:
    approvals = load_marketing(_requiring(tmp_path, word)).approvals
    assert approvals.requires("offer_bundle", "offer") == (word == "offer_bundle")
    assert approvals.requires("funnel_tripwire", "funnel") == (word == "funnel")


def test_a_word_that_is_no_kind_and_no_channel_is_named_with_its_line(tmp_path: Path) -> None:
    folder = _requiring(tmp_path, "linkdin")
    with pytest.raises(BadConfiguration, match=r"marketing.yaml:\d+: approvals.review_required: linkdin is no kind"):
        load_marketing(folder)


def _requiring(folder: Path, word: str) -> Path:
    for pictures in ("books", "products"):
        (folder / pictures).symlink_to(CONFIG / pictures)
    text = (CONFIG / "marketing.yaml").read_text()
    (folder / "marketing.yaml").write_text(
        re.sub(r"review_required: \[.*\]", f"review_required: [{word}]", text, count=1)
    )
    return folder
