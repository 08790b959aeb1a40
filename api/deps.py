"""What a request is served with, made once at start-up and handed to routes by FastAPI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.exc import DataError
from sqlalchemy.ext.asyncio import AsyncSession

from api.attempts import Attempts
from api.metrics import Metrics
from api.webhooks import SOURCES, configured
from api.webhooks.base import Source
from domain.clock import DAY_S, Clock
from domain.errors import Invalid
from domain.events import Incoming
from domain.marketing import Marketing
from providers import pictures
from providers.pictures import Picture
from providers.protocols import Tills
from settings import Settings, SettingsError
from store.access import instance_clock
from store.bell import Bell
from store.db import Database
from store.ingest import Receipt, ingest, reject
from store.written_mails import WrittenMails

TemporalCheck = Callable[[], Awaitable[None]]

# Where each vendor's secret stands in the environment.
SECRET_VARIABLES: Mapping[str, str] = {
    "stripe": "STRIPE_WEBHOOK_SECRET",
    "calendly": "CALENDLY_WEBHOOK_SECRET",
    "github": "GITHUB_WEBHOOK_SECRET",
    "resend": "RESEND_WEBHOOK_SECRET",
    "sendgrid": "SENDGRID_WEBHOOK_PUBLIC_KEY",
    "cms": "CMS_WEBHOOK_SECRET",
}


@dataclass(slots=True)
class Services:
    """The collaborators of every route. `secret` signs links and form tokens; it is never shown.

    `temporal` raises whatever is wrong with Temporal; only readiness asks it. `tills` is where visitors pay, `covers`
    are the catalogue's, by the product's key.
    """

    settings: Settings
    db: Database
    marketing: Marketing
    temporal: TemporalCheck
    secret: str = field(repr=False)
    tills: Tills
    bell: Bell = field(init=False)
    covers: dict[str, Picture] = field(init=False, repr=False)
    sources: dict[str, Source] = field(init=False, repr=False)
    attempts: Attempts = field(default_factory=Attempts)
    metrics: Metrics = field(default_factory=Metrics)
    written: WrittenMails = field(default_factory=WrittenMails, repr=False)
    _clock: Clock | None = None

    def __post_init__(self) -> None:
        self.bell = Bell(self.db)
        folder = self.settings.config_dir
        self.covers = {one.key: pictures.read(folder, one.cover) for one in self.marketing.catalogue if one.cover}
        secrets = {name: self.settings.secrets_of(SECRET_VARIABLES[name]) for name in SOURCES}
        self.sources = configured(secrets, self.marketing.content_paths, live_money=self.settings.takes_live_money)

    @property
    def secure(self) -> bool:
        """Whether the public address is https, so that cookies can say so."""
        return self.settings.public_url.startswith("https://")

    async def clock(self, tx: AsyncSession) -> Clock:
        """The clock that this data was made on; read once."""
        if self._clock is None:
            factor = DAY_S / self.settings.day_seconds if self.settings.day_seconds else 1.0
            self._clock = await instance_clock(tx, factor)
        return self._clock

    async def take(self, incoming: Incoming) -> Receipt:
        """Make an event durable, wake dispatch and count it. Raises NotDurable, and Invalid for what it says."""
        try:
            receipt = await ingest(self.db, self.marketing, incoming)
        except DataError:
            # A number or a date beyond what a column holds; its text may be personal and is not repeated.
            raise Invalid("It holds a value that cannot be stored.") from None
        return self._taken(incoming, receipt)

    async def keep(self, incoming: Incoming, reason: str) -> Receipt:
        """Keep what cannot be used as a dead letter. Raises NotDurable."""
        return self._taken(incoming, await reject(self.db, incoming, reason))

    def _taken(self, incoming: Incoming, receipt: Receipt) -> Receipt:
        self.metrics.event(incoming.source, receipt.outcome)
        self.bell.ring()
        return receipt


def secret_of(settings: Settings) -> str:
    """The key that links and form tokens are signed with. Raises SettingsError where it is not set."""
    if settings.secret_key is None:
        message = "PERENNIAL_SECRET_KEY is not set: make one with `openssl rand -hex 32` and put it into .env."
        raise SettingsError(message)
    return settings.secret_key.get_secret_value()


def services(request: Request) -> Services:
    """What this application is served with."""
    found: Services = request.app.state.services
    return found


Wired = Annotated[Services, Depends(services)]
