"""Webhooks: who may knock, how they prove it, and what their bodies say in our words. No database here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from api.webhooks.base import Source, Vendor, usable
from api.webhooks.calendly import Calendly
from api.webhooks.cms import Cms
from api.webhooks.github import GitHub
from api.webhooks.resend import Resend
from api.webhooks.sendgrid import SendGrid
from api.webhooks.stripe import Stripe
from domain.content_paths import DEFAULT

SOURCES: Final[Mapping[str, Vendor]] = {
    vendor.name: vendor for vendor in (Stripe(), Calendly(), GitHub(), Resend(), SendGrid(), Cms())
}


def configured(
    secrets: Mapping[str, Iterable[str]], content_paths: Sequence[str] = DEFAULT, *, live_money: bool = False
) -> dict[str, Source]:
    """The sources that have a secret, by name. One that is absent here has no endpoint: HTTP 404.

    `secrets` gives for each name of `SOURCES` its secrets, the current one and, during a rotation,
    former ones; blank ones are dropped. `content_paths` are the files that make a push content. With
    `live_money` what Stripe tells of its test mode is nothing that happened.
    """
    kept = {name: usable(secrets.get(name, ())) for name in SOURCES}
    vendors = {**SOURCES, GitHub.name: GitHub(content_paths), Stripe.name: Stripe(live_money=live_money)}
    return {name: Source(vendors[name], found) for name, found in kept.items() if found}
