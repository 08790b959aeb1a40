"""What people say about being written to, with its proof: where, in which wording, and from which address (hashed)."""

from __future__ import annotations

import hmac
from typing import Final

from fastapi import Request

from api.deps import Services
from api.security import address

NO: Final = frozenset({"", "0", "no", "off", "false"})


def agreed(
    request: Request,
    services: Services,
    *,
    form: str,
    wording: str,
    place: str = "",
    answer: str = "on",
    double_opt_in: bool = False,
) -> dict[str, object]:
    """The `consent` of an event that a form becomes. `answer` is its box; a form that asks nothing gets no consent."""
    return {
        "granted": bool(wording) and answer.lower() not in NO,
        "double_opt_in": double_opt_in,
        "form": form,
        "wording": wording,
        **proof(request, services, place or form),
    }


def proof(request: Request, services: Services, place: str) -> dict[str, object]:
    """Where somebody said it, and from which address: its keyed hash says nothing to who does not have the key."""
    hashed = hmac.new(services.secret.encode(), f"ip:{address(request.scope)}".encode(), "sha256").hexdigest()
    return {"place": place, "ip_hash": hashed}
