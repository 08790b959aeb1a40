"""Telling other systems: one signed POST, to public addresses only.

Signature: Standard Webhooks (standardwebhooks.com), so that receivers can check it with its libraries. The address
comes from a sequence that somebody wrote, and a host's name from whoever runs its DNS: httpx-secure refuses everything
inside our own network, after resolving, and redirects are not followed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
from httpx_secure import SSRFProtectionError, httpx_ssrf_protection
from standardwebhooks.webhooks import Webhook

from domain.errors import ProviderError
from providers.http import call


def signing_secret(secret_key: str) -> str:
    """The secret that receivers check with, in the form that Standard Webhooks wants; it follows from SECRET_KEY."""
    digest = hmac.new(secret_key.encode(), b"perennial.outgoing-webhooks", hashlib.sha256).digest()
    return f"whsec_{base64.b64encode(digest).decode()}"


def public_client() -> httpx.AsyncClient:
    """A client that connects to no address inside our own network."""
    return httpx_ssrf_protection(httpx.AsyncClient(timeout=10, trust_env=False))


class OutgoingWebhooks:
    """One receiver a call; the same `key` marks a repeat (`webhook-id`)."""

    name = "webhook"

    def __init__(self, client: httpx.AsyncClient, secret: str) -> None:
        self._client, self._webhook = client, Webhook(secret)

    async def post(self, url: str, key: str, body: Mapping[str, object]) -> None:
        """Tell it. Raises ProviderError."""
        content = json.dumps(body, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
        moment = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": self._webhook.sign(key, moment, content),
        }
        try:
            await call(self._client, self.name, "POST", url, content=content.encode(), headers=headers)
        except SSRFProtectionError:
            message = "webhook: the address lies inside our own network"
            raise ProviderError("forbidden_address", message, permanent=True) from None

    async def aclose(self) -> None:
        await self._client.aclose()
