"""GitHub's events in our words. Bodies as in GitHub's documentation."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from inline_snapshot import snapshot
from starlette.datastructures import Headers

from api.webhooks.base import Malformed, NotUnderstood
from api.webhooks.github import GitHub
from domain.events import Incoming

REPOSITORY = {"full_name": "acme/widget", "default_branch": "trunk"}


def translate(name: str, body: dict[str, Any], delivery: str = "d-1") -> Incoming:
    headers = Headers({"x-github-event": name, "x-github-delivery": delivery})
    (incoming,) = GitHub().translate(headers, json.dumps(body).encode())
    return incoming


def release(**changes: Any) -> dict[str, Any]:
    about = {
        "id": 99,
        "tag_name": "v1.2.0",
        "name": "Spring",
        "body": "* Faster",
        "html_url": "https://github.com/acme/widget/releases/tag/v1.2.0",
        "draft": False,
        "prerelease": False,
        "author": {"login": "ada"},
        "published_at": "2026-03-05T12:00:00Z",
    }
    return {"action": "published", "release": about | changes, "repository": REPOSITORY}


def push(ref: str, *paths: str, key: str = "modified") -> dict[str, Any]:
    untouched: dict[str, list[str]] = {"added": [], "modified": [], "removed": []}
    commits = [untouched | {key: [path]} for path in paths]
    head = {"timestamp": "2026-03-05T13:00:00+01:00"}
    return {"ref": ref, "after": "abc", "commits": commits, "repository": REPOSITORY, "head_commit": head}


def test_a_published_release_is_told_with_its_text() -> None:
    assert translate("release", release()).model_dump(exclude={"raw"}, exclude_defaults=True) == snapshot(
        {
            "type": "release_published",
            "source": "github",
            "sender_id": "d-1",
            "entity": "github:acme/widget",
            "occurred_at": datetime(2026, 3, 5, hour=12, tzinfo=UTC),
            "payload": {
                "repository": "acme/widget",
                "release_id": 99,
                "tag": "v1.2.0",
                "name": "Spring",
                "body": "* Faster",
                "url": "https://github.com/acme/widget/releases/tag/v1.2.0",
                "prerelease": False,
                "draft": False,
                "author": "ada",
            },
        }
    )


def test_a_release_without_a_text_has_an_empty_one() -> None:
    assert translate("release", release(body=None)).payload["body"] == ""


def test_a_release_sent_again_under_another_delivery_has_the_same_release_id() -> None:
    first, again = translate("release", release(), "d-1"), translate("release", release(), "d-2")
    assert (first.sender_id, again.sender_id) == ("d-1", "d-2")
    assert first.payload["release_id"] == again.payload["release_id"] == 99


def test_other_actions_on_a_release_trigger_nothing() -> None:
    assert translate("release", release() | {"action": "edited"}).type == "github.release.edited"


def test_a_ping_is_a_ping() -> None:
    assert translate("ping", {"zen": "Keep it logically awesome.", "hook_id": 1}).type == "github.ping"


@pytest.mark.parametrize(
    "path", ["blog/new.md", "content/blog/2026/post.mdx", "CHANGELOG.md", "docs/changelog", "CHANGES.rst"]
)
@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/trunk"])
@pytest.mark.parametrize("key", ["added", "modified"])
def test_a_push_of_content_to_the_main_branch_names_the_files(path: str, ref: str, key: str) -> None:
    pushed = translate("push", push(ref, path, "src/app.py", path, key=key))
    assert (pushed.type, pushed.payload["files"], pushed.payload["after"]) == ("content_pushed", [path], "abc")
    assert pushed.entity == "github:acme/widget"
    assert pushed.payload["name"] == f"Changes to {path}"


@pytest.mark.parametrize(
    "body",
    [
        push("refs/heads/feature", "blog/new.md"),
        push("refs/tags/main", "blog/new.md"),
        push("refs/heads/main", "src/blog.py", "src/changelog_test.py", "weblog/x.md"),
        push("refs/heads/main", "blog/old.md", key="removed"),
        {"ref": "refs/heads/main", "commits": [None, 3, {"added": [4, None]}]},
    ],
)
def test_any_other_push_triggers_nothing(body: dict[str, Any]) -> None:
    assert translate("push", body).type == "github.push"


@pytest.mark.parametrize("missing", ["x-github-event", "x-github-delivery"])
def test_a_delivery_without_its_headers_is_kept(missing: str) -> None:
    headers = {"x-github-event": "release", "x-github-delivery": "d-1"}
    del headers[missing]
    with pytest.raises(NotUnderstood):
        GitHub().translate(Headers(headers), json.dumps(release()).encode())


def test_a_release_that_names_no_repository_is_kept() -> None:
    with pytest.raises(NotUnderstood, match="no repository or no tag"):
        translate("release", release() | {"repository": None})


def test_a_form_body_is_told_how_to_be_set_up() -> None:
    with pytest.raises(Malformed, match="application/json"):
        GitHub().translate(Headers(), b"payload=%7B%7D")
