"""Who is asking, and whether they may: keys for machines, sessions for people, both closed by default."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api import problems
from api.attempts import WRONG_KEYS
from api.deps import Services, Wired
from domain.errors import PerennialError
from store import access
from store.access import ROLES, Role

CLOSED = "/v1"
# What browsers of visitors call, who have no key.
OPEN = frozenset({"/v1/t"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
TOKEN_FIELD = "csrf_token"  # noqa: S105 - the name of a field, not a secret
TOKEN_HEADER = "x-csrf-token"  # noqa: S105 - the name of a header, not a secret

bearer = HTTPBearer(auto_error=False, description="An API key: `perennial keys create --role marketer` makes one.")


class NotSignedIn(PerennialError):
    """The caller has not said who they are, or not in a way that we know. HTTP 401."""

    code = "not_signed_in"
    status = 401


class Forbidden(PerennialError):
    """We know who it is, and they may not. HTTP 403."""

    code = "forbidden"
    status = 403


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: an API key or a signed-in person. `label` is the key's prefix or the person's id."""

    kind: Literal["key", "user"]
    id: UUID
    label: str
    role: Role
    name: str = ""
    email: str = ""
    session: str = field(default="", repr=False)

    @property
    def actor(self) -> str:
        """How the audit log names them."""
        return f"{self.kind}:{self.label}"

    def may(self, role: Role) -> bool:
        """Whether they have at least this role: admin is above marketer is above viewer."""
        return ROLES.index(self.role) >= ROLES.index(role)


def is_closed(path: str) -> bool:
    """Whether a path needs a key."""
    return (path == CLOSED or path.startswith(f"{CLOSED}/")) and path not in OPEN


class Gate:
    """ASGI middleware: nothing under `/v1` runs, or is read, without a valid key, whatever its route forgot."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not is_closed(path):
            await self.app(scope, receive, send)
            return
        services: Services = scope["app"].state.services
        try:
            principal = await _by_key(services, Headers(scope=scope))
        except PerennialError as error:
            await problems.of(error)(scope, receive, send)
            return
        if principal is None:
            await _refusal(services, address(scope))(scope, receive, send)
            return
        scope.setdefault("state", {})["principal"] = principal
        await self.app(scope, receive, send)


async def _by_key(services: Services, headers: Headers) -> Principal | None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.startswith(access.KEY_PREFIX):
        return None
    async with services.db.transaction() as tx:
        found = await access.find_key(tx, key.strip())
    return Principal("key", found.id, found.prefix, _role(found.role), found.name) if found else None


def _refusal(services: Services, who: str) -> Response:
    """401; after too many from one address 429. A right key always passes, so that nobody can lock others out."""
    if services.attempts.failed(WRONG_KEYS, who):
        detail = "Say who you are with `Authorization: Bearer pk_…`; this key is missing, unknown or revoked."
        return problems.problem(401, "unauthenticated", detail, headers={"www-authenticate": "Bearer"})
    wait = str(services.attempts.wait_s(WRONG_KEYS, who))
    detail = "Too many requests with a wrong key from your address."
    return problems.problem(429, "too_many_requests", detail, headers={"retry-after": wait})


def require_key(role: Role) -> Callable[..., Coroutine[Any, Any, Principal]]:
    """A dependency that gives the key's principal. Raises Forbidden where its role is too low."""

    async def principal(request: Request, _: Annotated[object, Depends(bearer)]) -> Principal:
        found: Principal | None = getattr(request.state, "principal", None)
        if found is None:
            raise NotSignedIn("Say who you are with `Authorization: Bearer pk_…`.")
        return _permitted(found, role)

    principal.__dict__["role"] = role
    return principal


Viewer = Annotated[Principal, Depends(require_key("viewer"))]
Marketer = Annotated[Principal, Depends(require_key("marketer"))]
Admin = Annotated[Principal, Depends(require_key("admin"))]


def cookie_name(services: Services) -> str:
    """`__Host-` binds the cookie to this host and to https, where there is https."""
    return "__Host-perennial" if services.secure else "perennial"


async def signed_in(request: Request, services: Wired) -> Principal:
    """The person whose browser this is. Raises NotSignedIn."""
    token = request.cookies.get(cookie_name(services), "")
    if token:
        async with services.db.transaction() as tx:
            user = await access.find_session(tx, token)
        if user is not None:
            return Principal("user", user.id, str(user.id), _role(user.role), user.name, user.email, token)
    raise NotSignedIn("Please sign in.")


Person = Annotated[Principal, Depends(signed_in)]


def require_person(role: Role) -> Callable[..., Coroutine[Any, Any, Principal]]:
    """A dependency that gives the signed-in person. Raises NotSignedIn, and Forbidden where their role is too low."""

    async def person(found: Person) -> Principal:
        return _permitted(found, role)

    person.__dict__["role"] = role
    return person


def csrf_token(services: Services, person: Principal) -> str:
    """What a form of this session must send back, as `csrf_token` or in `X-CSRF-Token`."""
    message = f"csrf:{access.digest(person.session)}".encode()
    return hmac.new(services.secret.encode(), message, "sha256").hexdigest()


async def same_site(request: Request, services: Wired) -> None:
    """Refuse a change that another site's page asked the browser for. Raises Forbidden.

    Browsers say where a request comes from in Sec-Fetch-Site and in Origin, which pages cannot set.
    """
    if request.method in SAFE_METHODS:
        return
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("This request came from another site.")
    origin = request.headers.get("origin")
    here = {_origin(services.settings.public_url), f"{request.url.scheme}://{request.headers.get('host', '')}"}
    if origin is not None and origin not in here:
        raise Forbidden("This request came from another site.")


async def csrf(request: Request, services: Wired, person: Person, _: Annotated[None, Depends(same_site)]) -> None:
    """Refuse a change without the token of this very session. Raises Forbidden."""
    if request.method in SAFE_METHODS:
        return
    given = request.headers.get(TOKEN_HEADER) or (await request.form()).get(TOKEN_FIELD)
    wanted = csrf_token(services, person)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Forbidden("This page is too old; reload it and try again.")


def address(scope: Scope) -> str:
    """The caller's IP address, as far as the server knows it."""
    client = scope.get("client")
    return client[0] if client else "unknown"


def _permitted(found: Principal, role: Role) -> Principal:
    if not found.may(role):
        message = f"This needs the role {role}; yours is {found.role}."
        raise Forbidden(message)
    return found


def _role(text: str) -> Role:
    """A stored role; one that this version does not know may do the least."""
    return next((role for role in ROLES if role == text), "viewer")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
