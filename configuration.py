"""The configuration folder, read and checked: errors name file, line and field."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from collections.abc import Sequence as Many
from dataclasses import dataclass
from difflib import unified_diff
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, RootModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

from domain.catalogue import Product
from domain.content import KINDS
from domain.errors import Invalid, PerennialError
from domain.marketing import Marketing
from domain.reactions import Reaction
from domain.sequences import Sequence, Step
from domain.windows import Hours, Window
from domain.writing import as_written
from providers.pictures import read as read_picture

M = TypeVar("M", bound=BaseModel)
# A place in a document, and what is wrong there.
Wrong = tuple[list[int | str], str]
# What can wait for a person, by its kind or its channel.
REVIEWED = frozenset({*KINDS, *(kind.channel for kind in KINDS.values()), "magnet", "strategy", "producthunt"})
# A sequence that comes as a text, in characters.
MAX_TEXT = 100_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a file; `field` is its path in the document, empty for the file as such."""

    place: str
    line: int
    field: str
    text: str

    def __str__(self) -> str:
        """`file:line: field: what is wrong`."""
        return ": ".join(part for part in (f"{self.place}:{self.line}", self.field, self.text) if part)


class BadConfiguration(PerennialError):
    """A configuration file cannot be used; each line of the message is `file:line: field: what is wrong`."""

    code = "bad_configuration"
    status = 422

    def __init__(self, message: str, faults: Many[Fault] = ()) -> None:
        super().__init__(message or "\n".join(map(str, faults)))
        self.faults = list(faults)


def load_marketing(folder: Path) -> Marketing:
    """`marketing.yaml` of the folder, with its reactions. Raises `BadConfiguration`."""
    path = folder / "marketing.yaml"
    found = _load(path, Marketing)
    wrong: list[Wrong] = [
        (["catalogue", at, "cover"], text) for at, one in enumerate(found.catalogue) if (text := _unseen(folder, one))
    ]
    if unknown := [word for word in found.approvals.review_required if word not in REVIEWED]:
        text = f"{', '.join(unknown)} is no kind or channel; there are {', '.join(sorted(REVIEWED))}"
        wrong.append((["approvals", "review_required"], text))
    _refuse(path, wrong)
    return found.model_copy(update={"reactions": load_reactions(folder)})


def _unseen(folder: Path, product: Product) -> str:
    """Why a product's cover cannot be shown; empty where it can, or where there is none."""
    try:
        if product.cover:
            read_picture(folder, product.cover)
    except Invalid as error:
        return str(error)
    return ""


def _refuse(path: Path, wrong: Many[Wrong]) -> None:
    """Raises `BadConfiguration` where something is wrong, with its lines in the file."""
    if wrong:
        document = _parse(str(path), _read(path))
        raise BadConfiguration("", [_fault(str(path), document, where, text) for where, text in wrong])


class _Reactions(RootModel[list[Reaction]]):
    """The whole of `reactions.yaml`."""


def load_reactions(folder: Path) -> list[Reaction]:
    """The rules of `reactions.yaml`, none where there is no such file. Raises `BadConfiguration`."""
    path = folder / "reactions.yaml"
    if not path.exists():
        return []
    place, document = str(path), _parse(str(path), _read(path))
    if document is None:
        return []
    rules = _checked(place, document, _Reactions).root
    keys = [rule.reaction for rule in rules]
    doubled = [
        _fault(place, document, [number, "reaction"], f"{key} is the name of another reaction already")
        for number, key in enumerate(keys)
        if key in keys[:number]
    ]
    if doubled:
        raise BadConfiguration("", doubled)
    return rules


def check_reactions(folder: Path, sequences: Many[Sequence]) -> int:
    """Every sequence that a rule enrols in exists; how many rules there are. Raises `BadConfiguration`."""
    rules, known = load_reactions(folder), {one.sequence for one in sequences}
    path = folder / "reactions.yaml"
    missing: list[Wrong] = [
        ([at, "do", number, "enrol"], f"there is no sequence {act.enrol}")
        for at, rule in enumerate(rules)
        for number, act in enumerate(rule.do)
        if act.enrol is not None and act.enrol not in known
    ]
    _refuse(path, missing)
    return len(rules)


def check_personalization(folder: Path, sequences: Many[Sequence]) -> int:
    """Every sequence that a profile chooses takes any lead in; how many rules there are. Raises `BadConfiguration`."""
    rules, known = load_marketing(folder).personalization.rules, {one.sequence: one for one in sequences}
    path = folder / "marketing.yaml"
    wrong: list[Wrong] = [
        (["personalization", "rules", at, "sequence"], text)
        for at, rule in enumerate(rules)
        if (text := _closed_to_leads(rule.sequence, known))
    ]
    _refuse(path, wrong)
    return len(rules)


def _closed_to_leads(name: str, known: Mapping[str, Sequence]) -> str:
    """Why a lead could be left without any welcome; empty where the sequence takes everybody in."""
    if not name:
        return ""
    found = known.get(name)
    if found is None:
        return f"there is no sequence {name}"
    if found.about != "event" or found.lane != "marketing" or found.workflow != "ContactSequence":
        return f"{name} is about something that a lead does not have, or is no marketing"
    if any(condition.field.startswith("contact.") for condition in found.entry.when):
        return f"{name} does not take everybody in, so that some would get no welcome"
    return ""


def load_sequences(folder: Path) -> list[Sequence]:
    """Every file of `sequences/`, in the order of their names. Raises `BadConfiguration` with all that is wrong."""
    found: dict[str, tuple[Path, Sequence]] = {}
    problems: list[str] = []
    rules = _rules(folder)
    for path in sorted((folder / "sequences").glob("*.yaml")):
        try:
            document = _parse(str(path), _read(path))
            sequence = _checked(str(path), document, Sequence)
            problems += map(str, _missing_emails(str(path), document, folder, sequence))
            problems += map(str, _against(str(path), document, sequence, rules))
        except BadConfiguration as error:
            problems.append(str(error))
            continue
        first, _ = found.setdefault(sequence.sequence, (path, sequence))
        if first != path:
            text = f"{sequence.sequence} is the name of the sequence in {first.name} already"
            problems.append(str(_fault(str(path), document, ["sequence"], text)))
    problems += [str(fault) for fault in _misplaced(found)]
    if problems:
        raise BadConfiguration("\n".join(problems))
    return [sequence for _, sequence in found.values()]


def _misplaced(found: Mapping[str, tuple[Path, Sequence]]) -> Iterator[Fault]:
    """Sequences that take the place of one which is not there, or is begun by something else."""
    for path, sequence in found.values():
        if not sequence.instead_of:
            continue
        _, other = found.get(sequence.instead_of, (path, None))
        if other is None:
            text = f"there is no sequence {sequence.instead_of}"
        elif other.instead_of or other.entry.event != sequence.entry.event or other.about != sequence.about:
            text = f"{other.sequence} does not begin by {sequence.entry.event} about the same, or stands in for another"
        else:
            continue
        yield _fault(str(path), _parse(str(path), _read(path)), ["instead_of"], text)


def read_sequence(text: str, place: str, folder: Path, mails: Collection[str] = ()) -> Sequence:
    """One definition from a text; mails are looked for in `folder` and among `mails`, those that were approved.

    Raises `BadConfiguration` with its faults.
    """
    if len(text) > MAX_TEXT:
        raise BadConfiguration("", [Fault(place, 1, "", f"is longer than {MAX_TEXT:,} characters")])
    document = _parse(place, text)
    _no_alias(place, text)
    sequence = _checked(place, document, Sequence)
    missing = _missing_emails(place, document, folder, sequence, mails)
    missing += _against(place, document, sequence, _rules(folder))
    if missing:
        raise BadConfiguration("", missing)
    return sequence


def read_list(text: str, place: str) -> list[Any]:
    """A YAML list from a text, such as the events of a rehearsal. Raises `BadConfiguration`."""
    if not text.strip():
        return []
    if len(text) > MAX_TEXT:
        raise BadConfiguration("", [Fault(place, 1, "", f"is longer than {MAX_TEXT:,} characters")])
    _parse(place, text)
    _no_alias(place, text)
    found = YAML(typ="safe").load(text)
    if not isinstance(found, list):
        fault = Fault(place, 1, "", "is no list; write - {after: 3d, type: purchase_completed}")
        raise BadConfiguration("", [fault])
    return found


def _no_alias(place: str, text: str) -> None:
    """A few lines of aliases would unfold into gigabytes."""
    for event in YAML(typ="rt").parse(text):
        if isinstance(event, AliasEvent):
            fault = Fault(place, event.start_mark.line + 1, "", f"uses the alias *{event.anchor}; write it out")
            raise BadConfiguration("", [fault])


def sequence_text(sequence: Sequence) -> str:
    """A definition as YAML, always in the same form, so that two of them can be compared line by line."""
    out = StringIO()
    yaml = YAML()
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(as_written(sequence), out)
    return out.getvalue()


def sequence_diff(old: Sequence | None, new: Sequence | None, old_name: str, new_name: str) -> str:
    """What changes from one definition to another, as a unified diff; empty where they are the same."""
    before, after = (sequence_text(one).splitlines() if one else [] for one in (old, new))
    return "\n".join(unified_diff(before, after, old_name, new_name, lineterm=""))


def _missing_emails(
    place: str, document: object, folder: Path, sequence: Sequence, mails: Collection[str] = ()
) -> list[Fault]:
    return [
        _fault(
            place,
            document,
            [*where, "email"],
            f"there is no e-mail {step.template!r}; make the folder {folder / 'emails' / step.template}",
        )
        for where, step in _placed(sequence.steps, ["steps"])
        if step.template and step.template not in mails and not (folder / "emails" / step.template).is_dir()
    ]


def _never_open(place: str, document: object, sequence: Sequence, quiet: Window | None) -> list[Fault]:
    """Send windows that lie in the quiet hours altogether."""
    text = "the quiet hours of marketing.yaml cover this window, so that the mail could never go out"
    placed = [(where, step.send_window) for where, step in _placed(sequence.steps, ["steps"])]
    return [
        _fault(place, document, [*where, "send_window"], text)
        for where, windows in [(list[int | str](), sequence.send_window), *placed]
        if windows and not Hours(quiet, tuple(windows)).ever_open()
    ]


def _unknown_topic(place: str, document: object, sequence: Sequence, rules: Marketing) -> list[Fault]:
    """A topic that nobody could choose."""
    if rules.has_topic(sequence.topic):
        return []
    known = ", ".join(topic.key for topic in rules.topics) or "it has none yet"
    text = f"{sequence.topic} is not among the topics of marketing.yaml ({known})"
    return [_fault(place, document, ["topic"], text)]


def _unknown_product(place: str, document: object, sequence: Sequence, rules: Marketing) -> list[Fault]:
    if not sequence.product or rules.product(sequence.product):
        return []
    return [_fault(place, document, ["product"], f"{sequence.product} is not in the catalogue of marketing.yaml")]


def _against(place: str, document: object, sequence: Sequence, rules: Marketing | None) -> list[Fault]:
    """What does not go with `marketing.yaml`."""
    if rules is None:
        return []
    quiet = rules.limits.quiet_hours
    unknown = [*_unknown_topic(place, document, sequence, rules), *_unknown_product(place, document, sequence, rules)]
    return [*_never_open(place, document, sequence, quiet), *unknown]


def _rules(folder: Path) -> Marketing | None:
    """`marketing.yaml`, where it can be read: what is wrong with it is told by `load_marketing`."""
    try:
        return load_marketing(folder)
    except BadConfiguration:
        return None


def _placed(steps: Many[Step], where: list[int | str]) -> Iterator[tuple[list[int | str], Step]]:
    """Every step with its path in the document."""
    for number, step in enumerate(steps):
        here = [*where, number]
        yield here, step
        for name, inner in step.inner():
            place = ["variants", name, "steps"] if step.variants else [name]
            yield from _placed(inner, [*here, *place])


def _load(path: Path, shape: type[M]) -> M:
    return _checked(str(path), _parse(str(path), _read(path)), shape)


def _checked(place: str, document: object, shape: type[M]) -> M:
    try:
        return shape.model_validate(document)
    except ValidationError as error:
        raise BadConfiguration(
            "", [_fault(place, document, item["loc"], item["msg"]) for item in error.errors()]
        ) from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read ({error.__class__.__name__}); is the file there, and is it UTF-8 text?"
        raise BadConfiguration(message) from None


def _parse(place: str, text: str) -> Any:  # noqa: ANN401 - YAML
    try:
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadConfiguration("", [Fault(place, line, "", f"is not YAML: {error.problem}")]) from None
    except YAMLError:
        fault = Fault(place, 1, "", "is not YAML: it holds characters that no text has")
        raise BadConfiguration("", [fault]) from None
    except RecursionError:
        raise BadConfiguration("", [Fault(place, 1, "", "is nested too deeply")]) from None


def _fault(place: str, document: object, where: Many[int | str], text: str) -> Fault:
    field = ".".join(str(part) for part in where) or "(the whole file)"
    return Fault(place, line_of(document, where), field, text.removeprefix("Value error, "))


def line_of(document: object, where: Many[int | str]) -> int:
    """The line (from 1) on which the thing at this path begins, or that of its nearest parent."""
    line, node = 1, document
    for part in where:
        if not isinstance(node, (CommentedMap, CommentedSeq)):
            break
        try:
            position = node.lc.key(part) if isinstance(node, CommentedMap) else node.lc.item(part)
            line, node = position[0] + 1, node[part]
        except (KeyError, IndexError, TypeError):
            break
    return line
