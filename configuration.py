"""The configuration folder, read and checked: errors name file, line and field."""

from __future__ import annotations

from collections.abc import Sequence as Many
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from domain.errors import PerennialError
from domain.marketing import Marketing
from domain.sequences import Sequence

M = TypeVar("M", bound=BaseModel)


class BadConfiguration(PerennialError):
    """A configuration file cannot be used; each line of the message is `file:line: field: what is wrong`."""

    code = "bad_configuration"


def load_marketing(folder: Path) -> Marketing:
    """`marketing.yaml` of the folder. Raises `BadConfiguration`."""
    return _load(folder / "marketing.yaml", Marketing)


def load_sequences(folder: Path) -> list[Sequence]:
    """Every file of `sequences/`, in the order of their names. Raises `BadConfiguration` with all that is wrong."""
    found: dict[str, tuple[Path, Sequence]] = {}
    problems: list[str] = []
    for path in sorted((folder / "sequences").glob("*.yaml")):
        try:
            document = _parse(path)
            sequence = _checked(path, document, Sequence)
            problems += _missing_emails(path, document, folder, sequence)
        except BadConfiguration as error:
            problems.append(str(error))
            continue
        first, _ = found.setdefault(sequence.sequence, (path, sequence))
        if first != path:
            text = f"{sequence.sequence} is the name of the sequence in {first.name} already"
            problems.append(_problem(path, document, ["sequence"], text))
    if problems:
        raise BadConfiguration("\n".join(problems))
    return [sequence for _, sequence in found.values()]


def _missing_emails(path: Path, document: object, folder: Path, sequence: Sequence) -> list[str]:
    return [
        _problem(
            path,
            document,
            ["steps", number, "email"],
            f"there is no e-mail {step.template!r}; make the folder {folder / 'emails' / step.template}",
        )
        for number, step in enumerate(sequence.steps)
        if step.template and not (folder / "emails" / step.template).is_dir()
    ]


def _load(path: Path, shape: type[M]) -> M:
    return _checked(path, _parse(path), shape)


def _checked(path: Path, document: object, shape: type[M]) -> M:
    try:
        return shape.model_validate(document)
    except ValidationError as error:
        lines = [_problem(path, document, item["loc"], item["msg"]) for item in error.errors()]
        raise BadConfiguration("\n".join(lines)) from None


def _parse(path: Path) -> Any:  # noqa: ANN401 - YAML
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read ({error.__class__.__name__}); is the file there, and is it UTF-8 text?"
        raise BadConfiguration(message) from None
    try:
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        message = f"{path}:{line}: is not YAML: {error.problem}"
        raise BadConfiguration(message) from None
    except YAMLError:
        message = f"{path}:1: is not YAML: it holds characters that no text has"
        raise BadConfiguration(message) from None


def _problem(path: Path, document: object, where: Many[int | str], text: str) -> str:
    field = ".".join(str(part) for part in where) or "(the whole file)"
    return f"{path}:{line_of(document, where)}: {field}: {text.removeprefix('Value error, ')}"


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
