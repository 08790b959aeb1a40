"""GitHub: checks `X-Hub-Signature-256` and reads releases and pushes of content.

Scheme: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries: `sha256=` and the
hexadecimal HMAC-SHA256 over the body. GitHub signs no time, so there is no window, and it signs neither the
event's name nor the delivery's id (they are headers): whoever has once seen a signed body can send it again
under another id. Repeats are therefore recognised by what the event is about (`release_id`, `after`) as well.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers

from api.webhooks.base import BadSignature, Malformed, only
from api.webhooks.drafts import Draft, single
from api.webhooks.reading import (
    JsonObject,
    child,
    event_type,
    integer,
    items,
    moment,
    parse_object,
    storable,
    text,
)
from domain.content_paths import DEFAULT, is_content
from domain.events import Incoming

_HEADER = "x-hub-signature-256"


class GitHub:
    """`sender_id` is `X-GitHub-Delivery`, the same when GitHub redelivers. A push to `content_paths` is content."""

    name: Final = "github"

    def __init__(self, content_paths: Sequence[str] = DEFAULT) -> None:
        self._content_paths = content_paths

    def signed_at(self, headers: Headers) -> None:
        only(headers, _HEADER)

    def check(self, secret: str, headers: Headers, body: bytes) -> None:
        expected = "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()
        if not hmac.compare_digest(expected, only(headers, _HEADER)):
            raise BadSignature("The signature does not match the body.")

    def translate(self, headers: Headers, body: bytes) -> list[Incoming]:
        if body.startswith(b"payload="):
            raise Malformed("Set the webhook's content type to application/json.")
        event = parse_object(body)
        name = storable(headers.get("x-github-event", "")).strip() or "unknown"
        draft = _draft(name, event, self._content_paths)
        happened = moment(child(event, "release").get("published_at"))
        return single(
            draft,
            source=self.name,
            sender_id=headers.get("x-github-delivery", "").strip() or None,
            occurred_at=happened or moment(child(event, "head_commit").get("timestamp")),
            raw=body,
        )


def _draft(name: str, event: JsonObject, content_paths: Sequence[str]) -> Draft:
    if name == "release" and event.get("action") == "published":
        return _release(event)
    if name == "push" and (files := _content_files(event, content_paths)):
        return _push(event, files)
    action = text(event.get("action"))
    missing = "The header X-GitHub-Event is missing." if name == "unknown" else None
    kind = event_type("github", f"{name}.{action}" if action else name)
    return Draft(kind, {"repository": _repository(event)}, entity=_entity(event), lacking=missing)


def _repository(event: JsonObject) -> str | None:
    return text(child(event, "repository").get("full_name"))


def _entity(event: JsonObject) -> str | None:
    repository = _repository(event)
    return f"github:{repository}" if repository else None


def _release(event: JsonObject) -> Draft:
    """https://docs.github.com/en/webhooks/webhook-events-and-payloads#release. `body` is Markdown, maybe empty."""
    release = child(event, "release")
    payload: JsonObject = {
        "repository": _repository(event),
        "release_id": integer(release.get("id")),
        "tag": text(release.get("tag_name")),
        "name": text(release.get("name")),
        "body": text(release.get("body")) or "",
        "url": text(release.get("html_url")),
        "prerelease": release.get("prerelease") is True,
        "draft": release.get("draft") is True,
        "author": text(child(release, "author").get("login")),
    }
    named = payload["repository"] and payload["tag"]
    missing = None if named else "The release has no repository or no tag."
    return Draft("release_published", payload, entity=_entity(event), lacking=missing)


def _content_files(event: JsonObject, content_paths: Sequence[str]) -> list[str]:
    """Files of content that a push to the main branch added or changed, each once."""
    branches = {"main", text(child(event, "repository").get("default_branch"))}
    if (text(event.get("ref")) or "").removeprefix("refs/heads/") not in branches:
        return []
    touched = [
        path
        for commit in items(event.get("commits"))
        for key in ("added", "modified")
        for path in items(child(commit).get(key))
    ]
    return list(dict.fromkeys(path for path in touched if isinstance(path, str) and is_content(path, content_paths)))


def _said(event: JsonObject) -> str:
    """What the commits say, the oldest first."""
    messages = [text(child(commit).get("message")) for commit in items(event.get("commits"))]
    return "\n\n".join(message for message in messages if message)


def _push(event: JsonObject, files: list[str]) -> Draft:
    """https://docs.github.com/en/webhooks/webhook-events-and-payloads#push. `after` is the commit then at the top."""
    payload: JsonObject = {
        "repository": _repository(event),
        "branch": (text(event.get("ref")) or "").removeprefix("refs/heads/"),
        "files": files,
        "after": text(event.get("after")),
        "url": text(event.get("compare")),
        # Only what the delivery holds: the files themselves are not fetched.
        "name": f"Changes to {', '.join(files)}"[:500],
        "body": _said(event),
    }
    missing = None if payload["repository"] else "The push has no repository."
    return Draft("content_pushed", payload, entity=_entity(event), lacking=missing)
