"""The composition root: settings → providers → activities. Nothing else makes a provider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from pydantic import SecretStr

from activities.assets import AssetActivities
from activities.campaigns import CampaignActivities
from activities.carts import CartActivities
from activities.composing import Composer
from activities.content import ContentActivities
from activities.discounts import DiscountActivities
from activities.engagement import EngagementActivities
from activities.erasures import ErasureActivities
from activities.feeds import FeedWatch
from activities.imports import ImportActivities
from activities.journeys import JourneyActivities
from activities.launches import LaunchActivities
from activities.leads import LeadActivities
from activities.messages import MessageActivities
from activities.orders import OrderActivities
from activities.personalization import PersonalizationActivities
from activities.rehearsals import RehearsalActivities
from activities.reviews import ReviewActivities
from activities.sequence_changes import SequenceChangeActivities
from activities.sources import SourceActivities
from activities.team import Team
from activities.webhooks import WebhookActivities
from activities.webinars import WebinarActivities
from domain.clock import Clock
from domain.marketing import Marketing
from providers.campaign_mail import CampaignComposer
from providers.chat.discord import Discord
from providers.chat.slack import Slack
from providers.crm.hubspot import HubSpot
from providers.crm.local import LocalCrm
from providers.feeds import FeedReader
from providers.llm.offline import OfflineWriter
from providers.llm.openai_writer import OpenAIWriter
from providers.llm.prompts import load_prompts
from providers.mail.outbox import OutboxMailProvider
from providers.mail.resend import ResendMail
from providers.mail.sendgrid import SendGridMail
from providers.mail.smtp import SmtpMail, SmtpServer
from providers.payments import choosing
from providers.platform.brevo import Brevo
from providers.platform.local import LocalPlatform
from providers.protocols import Chat, Crm, MailProvider, Payments, Platform, Social, Writer
from providers.social.local import LocalSocial
from providers.webhooks import OutgoingWebhooks, public_client, signing_secret
from settings import Settings
from store.db import Database
from store.ledger import Ledger
from store.sequences import Definitions

Activity = Callable[..., Awaitable[Any]]


class Closable(Protocol):
    """What holds connections of its own."""

    async def aclose(self) -> None:
        """Let go of them."""


def text_of(value: SecretStr | None) -> str:
    """The text of a secret; empty where it is not set, which Settings refuses for what a chosen vendor needs."""
    return value.get_secret_value() if value is not None else ""


@dataclass(slots=True)
class Activities:
    """Activities by the queues that serve them, and what is to be closed at the end."""

    main: list[Activity]
    mail: list[Activity]
    closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def aclose(self) -> None:
        """Close every provider and the shared HTTP client."""
        for close in self.closing:
            await close()


@dataclass(frozen=True, slots=True)
class Vendors:
    """One provider of each kind, as the settings choose them."""

    mail: Mapping[str, MailProvider]
    crm: Crm
    platform: Platform
    payments: Payments
    social: Social
    chats: Sequence[Chat]
    writer: Writer
    webhooks: OutgoingWebhooks


def vendors(settings: Settings, db: Database, clock: Clock, marketing: Marketing, client: httpx.AsyncClient) -> Vendors:
    """The providers that the settings name; embedded ones where they name none."""
    mail = mail_provider(settings, db, clock, marketing, client)
    chats: list[Chat] = []
    if settings.slack_webhook_url:
        chats.append(Slack(client, text_of(settings.slack_webhook_url)))
    if settings.discord_webhook_url:
        chats.append(Discord(client, text_of(settings.discord_webhook_url)))
    return Vendors(
        mail={"transactional": mail, "marketing": mail},
        crm=HubSpot(client, text_of(settings.hubspot_token)) if settings.crm == "hubspot" else LocalCrm(db),
        platform=Brevo(client, text_of(settings.brevo_api_key)) if settings.platform == "brevo" else LocalPlatform(db),
        payments=choosing.chosen(
            db,
            client,
            api_key=text_of(settings.stripe_api_key),
            salt=text_of(settings.secret_key),
            base_url=settings.stripe_api_base,
        ),
        social=LocalSocial(db),
        chats=chats,
        writer=_writer(settings),
        webhooks=OutgoingWebhooks(public_client(), signing_secret(text_of(settings.secret_key))),
    )


def mail_provider(
    settings: Settings, db: Database, clock: Clock, marketing: Marketing, client: httpx.AsyncClient
) -> MailProvider:
    """The mail provider that the settings name."""
    if settings.mail_provider == "smtp":
        server = SmtpServer(
            settings.smtp_host or "",
            settings.smtp_port,
            settings.smtp_username,
            text_of(settings.smtp_password) or None,
            settings.smtp_tls,
        )
        return SmtpMail(server)
    if settings.mail_provider == "resend":
        return ResendMail(client, text_of(settings.resend_api_key), base_url=settings.resend_api_base)
    if settings.mail_provider == "sendgrid":
        return SendGridMail(client, text_of(settings.sendgrid_api_key), base_url=settings.sendgrid_api_base)
    return OutboxMailProvider(db, clock, marketing)


def feed_watch(db: Database, clock: Clock, marketing: Marketing) -> FeedWatch:
    """Whoever reads the feeds, from public addresses only."""
    return FeedWatch(db, clock, marketing.feeds, FeedReader(public_client()))


def _writer(settings: Settings) -> Writer:
    if settings.openai_api_key is None:
        return OfflineWriter()
    return OpenAIWriter(
        api_key=text_of(settings.openai_api_key),
        models=settings.models,
        prompts=load_prompts(settings.config_dir / "prompts"),
        base_url=settings.openai_base_url,
    )


def build(
    settings: Settings, db: Database, clock: Clock, marketing: Marketing, definitions: Definitions, chosen: Vendors
) -> Activities:
    """Every activity, with its collaborators."""
    composer = Composer(settings.config_dir / "emails", marketing, settings.public_url, text_of(settings.secret_key))
    messages = MessageActivities(
        Ledger(db, definitions, marketing, clock, composer.words, composer.prepare), composer, chosen.mail
    )
    journeys = JourneyActivities(db, definitions, clock, chosen.crm, chosen.platform)
    discounts = DiscountActivities(db, definitions, clock, chosen.payments)
    webhooks = WebhookActivities(db, definitions, chosen.webhooks)
    leads = LeadActivities(db, marketing, chosen.crm, chosen.platform)
    carts = CartActivities(db, chosen.payments)
    orders = OrderActivities(db, marketing, chosen.payments)
    personalization = PersonalizationActivities(db, marketing, chosen.writer, clock)
    imports = ImportActivities(db, marketing)
    rehearsals = RehearsalActivities(db, settings)
    changes = SequenceChangeActivities(db, definitions, clock)
    webinars = WebinarActivities(db, clock, marketing, chosen.crm, chosen.platform)
    content = ContentActivities(db, chosen.writer, marketing, clock)
    reader = public_client()
    sources = SourceActivities(db, reader)
    launches = LaunchActivities(db, marketing, settings.config_dir)
    assets = AssetActivities(db, chosen.writer, marketing, clock)
    team = Team(db, chosen.chats, chosen.mail["transactional"], marketing.brand.transactional_from)
    reviews = ReviewActivities(db, chosen.social, team, marketing, settings.public_url)
    written = CampaignComposer(
        settings.config_dir / "emails", marketing, settings.public_url, text_of(settings.secret_key)
    )
    campaigns = CampaignActivities(db, clock, marketing, written, chosen.mail["marketing"])
    engagement = EngagementActivities(db, clock, marketing, chosen.chats, settings.public_url)
    erasures = ErasureActivities(db, chosen.crm, chosen.platform)
    parts: list[Closable] = [*chosen.mail.values(), chosen.crm, chosen.platform, chosen.payments, chosen.writer]
    parts += [*chosen.chats, chosen.social, chosen.webhooks]
    return Activities(
        main=[
            journeys.look, journeys.leave, journeys.step, journeys.plan, journeys.crm_step, journeys.platform_step,
            journeys.list_step, discounts.make, webhooks.tell,
            leads.crm, leads.platform, leads.finish, personalization.profile, personalization.recommend,
            carts.discount, carts.release, orders.resolve, imports.carry, campaigns.work, changes.carry,
            engagement.sweep, rehearsals.play,
            webinars.work, webinars.crm, webinars.platform, webinars.note,
            erasures.ended, erasures.crm, erasures.platform, erasures.rows,
            assets.write, launches.prepare, launches.look, sources.read,
            content.draft, content.revise, reviews.notify, reviews.expire, reviews.publish, team.carry,
        ],
        mail=[messages.send],
        closing=[*(part.aclose for part in parts), reader.aclose],
    )  # fmt: skip
