"""Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`, Base64, `v1,`.

Senders differ in the prefix of the three header names: `webhook-`, and `svix-` at customers of Svix.
"""

from __future__ import annotations

from standardwebhooks import Webhook
from starlette.datastructures import Headers

from api.webhooks import timestamped
from api.webhooks.base import only


def signed_at(headers: Headers, prefix: str = "webhook") -> int:
    """The time that the signature covers, in Unix seconds. Raises BadSignature."""
    return timestamped.seconds(only(headers, f"{prefix}-timestamp"))


def check(secret: str, headers: Headers, body: bytes, prefix: str = "webhook") -> None:
    """Raise unless `body` was signed with `secret`, which is Base64, `whsec_` before it or not."""
    names = {f"webhook-{part}": only(headers, f"{prefix}-{part}") for part in ("id", "timestamp", "signature")}
    # The library also holds its own window, of the same 300 s on both sides, by the system's clock.
    Webhook(secret).verify(body, names, json_parse=False)
