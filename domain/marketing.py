"""`config/marketing.yaml` as types: brand, catalogue, forms, limits, compliance, approvals."""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from domain.affiliates import AffiliateRules
from domain.campaigns import CampaignRules
from domain.catalogue import Magnet, Product
from domain.content_paths import DEFAULT, ContentPath
from domain.engagement import Engagement, EventType
from domain.feeds import Feed
from domain.funnel_rules import FunnelRules
from domain.offer_terms import OfferRules
from domain.preferences import GENERAL, Topic
from domain.profiles import Personalization
from domain.programme import Programme
from domain.reactions import Reaction
from domain.schedule import Delay
from domain.sequences import DelayText
from domain.webinars import WebinarRules
from domain.windows import Hours, WindowText
from domain.writers import WriterRules

# Scheme, host and maybe a port, as browsers write it.
Origin = Annotated[str, Field(pattern=r"^https?://[a-z0-9.-]+(:[0-9]+)?$", max_length=300)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Brand(_Strict):
    """Who speaks. `postal_address` stands under every marketing mail (CAN-SPAM, § 5 TMG)."""

    key: str = "default"
    name: str
    author: str
    postal_address: str
    url: str
    reply_to: str
    transactional_from: str
    marketing_from: str
    community_url: str | None = None
    demo_url: str | None = None
    tone: str = "technical and authoritative"
    author_title: str = ""
    niche: str = ""
    ideal_customer: str = ""
    audience: str = ""
    # Told in the author's own words, a paragraph each; mails leave out what is not told.
    story: list[str] = Field(default_factory=list)
    common_mistake: list[str] = Field(default_factory=list)
    guarantee_days: int | None = Field(default=None, ge=1)

    @property
    def shared_domain(self) -> str:
        """The domain that both kinds of mail come from, where it is one: a complaint about one then harms the other."""
        domains = [
            parseaddr(sender)[1].rpartition("@")[2].lower() for sender in (self.transactional_from, self.marketing_from)
        ]
        return domains[0] if domains[0] == domains[1] else ""


class Form(_Strict):
    """A form that visitors fill in: what it becomes. `magnet` is the key of what is sent to them at once."""

    event: str = "lead_captured"
    tags: list[str] = Field(default_factory=list)
    audience: str = ""
    redirect: str = "/thanks"
    consent_wording: str = ""
    magnet: str = ""
    # Consent counts once the link in a mail was followed; until then nothing but transactional mail.
    double_opt_in: bool = False


class Compliance(_Strict):
    """Rules that are enforced at the claim of a message. `retention_days`: how long raw bodies are kept (real days).

    `gdpr` and `global_opt_out` say what always holds: what is held about a person is given out and kept no longer than
    allowed, and an opt-out ends all marketing on every channel. Nothing here does less, so that neither can be false.
    """

    gdpr: bool = True
    consent_required: bool = False
    retention_days: int = Field(default=365, ge=1)
    global_opt_out: bool = True

    @field_validator("gdpr", "global_opt_out")
    @classmethod
    def _always(cls, value: bool) -> bool:
        if not value:
            raise ValueError("this cannot be turned off: people's rights hold whatever is configured")
        return value


class Cap(_Strict):
    """At most so many marketing mails for one person within any time of that length, whatever they come from.

    A mail that finds no room waits, at most `hold_for` from when it could first have gone out; then it is skipped as
    `capped`.
    """

    mails: int = Field(ge=1)
    per: DelayText
    hold_for: DelayText = Delay(days=2)

    @model_validator(mode="after")
    def _last_a_while(self) -> Cap:
        if self.per.nominal_s <= 0 or self.hold_for.nominal_s < 0:
            raise ValueError("per must be longer than nothing, and hold_for cannot be negative")
        return self


class Limits(_Strict):
    """`retries` counts definite refusals; outages are waited out.

    `quiet_hours` is when no journey's marketing mail goes out, in each person's zone: `21:00-08:00`. Neither these nor
    the cap are kept unless they are named, so that a plan's hours are what its author wrote.
    """

    marketing_emails_per_hour: int = Field(default=500, ge=1)
    social_posts_per_day: int = Field(default=3, ge=1)
    retries: int = Field(default=3, ge=0)
    quiet_hours: WindowText | None = None
    cap: Cap | None = None

    @model_validator(mode="after")
    def _leave_some_time(self) -> Limits:
        if not Hours(quiet=self.quiet_hours).ever_open():
            raise ValueError("quiet_hours cover the whole week, so that no mail could ever go out")
        return self


class Approvals(_Strict):
    """What waits for a person, and how long each waiting stage is (virtual time, from the start).

    `review_required` are kinds of assets and channels; all of a channel's kinds wait. `notify` are the addresses that
    are told by mail of what waits, beside the chats.
    """

    review_required: list[str] = Field(
        default_factory=lambda: ["linkedin", "magnet", "funnel", "sequence", "offer", "strategy"]
    )
    notify: list[str] = Field(default_factory=list)
    reminder: DelayText = Delay(days=1)
    escalation: DelayText = Delay(days=2)
    expiry: DelayText = Delay(days=7)

    @field_validator("notify")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        for address in value:
            if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
                raise ValueError(f"{address} is no e-mail address")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Approvals:
        stages = [delay.nominal_s for delay in (self.reminder, self.escalation, self.expiry)]
        if stages != sorted(stages):
            msg = "reminder, escalation and expiry must come in this order"
            raise ValueError(msg)
        return self

    def requires(self, kind: str, channel: str) -> bool:
        """Whether an asset of the kind waits for a person."""
        return kind in self.review_required or channel in self.review_required


class Atomization(_Strict):
    """What a release or an article becomes."""

    enabled: bool = True
    kinds: list[str] = ["thread", "linkedin", "newsletter", "descriptions", "producthunt"]


class Marketing(_Strict):
    """The whole of `config/marketing.yaml`."""

    brand: Brand
    catalogue: list[Product] = Field(default_factory=list)
    magnets: list[Magnet] = Field(default_factory=list)
    programme: Programme = Programme()
    topics: list[Topic] = Field(default_factory=list)
    personalization: Personalization = Personalization()
    forms: dict[str, Form] = Field(default_factory=dict)
    compliance: Compliance = Compliance()
    limits: Limits = Limits()
    approvals: Approvals = Approvals()
    atomization: Atomization = Atomization()
    campaigns: CampaignRules = CampaignRules()
    funnels: FunnelRules = FunnelRules()
    offers: OfferRules = OfferRules()
    affiliates: AffiliateRules = AffiliateRules()
    engagement: Engagement = Engagement()
    webinars: WebinarRules = WebinarRules()
    writers: WriterRules = WriterRules()
    # Where the tag may stand; without any it is not served.
    sites: list[Origin] = Field(default_factory=list)
    feeds: list[Feed] = Field(default_factory=list)
    # Files that make a push to the main branch content.
    content_paths: list[ContentPath] = list(DEFAULT)
    # Types of events that come at least so often; one that goes quiet is told of.
    expect: dict[EventType, DelayText] = Field(default_factory=dict)
    # From a file of their own, `reactions.yaml`.
    reactions: list[Reaction] = Field(default_factory=list)

    @model_validator(mode="after")
    def _related_exist(self) -> Marketing:
        keys = [product.key for product in self.catalogue]
        if len(keys) != len(set(keys)):
            msg = "two products of the catalogue have the same key"
            raise ValueError(msg)
        for product in self.catalogue:
            unknown = [key for key in product.related if key not in keys]
            if unknown:
                msg = f"product {product.key} is related to {', '.join(unknown)}, which is not in the catalogue"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _named_exist(self) -> Marketing:
        """What forms give away and sequences offer is in the lists."""
        known = {magnet.key for magnet in self.magnets}
        for name, form in self.forms.items():
            if form.magnet and form.magnet not in known:
                msg = f"form {name} gives the magnet {form.magnet}, which is not in magnets"
                raise ValueError(msg)
        for field in ("book", "launched"):
            key = getattr(self.programme, field)
            if key is not None and self.product(key) is None:
                msg = f"programme.{field} is {key}, which is not in the catalogue"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _topics_differ(self) -> Marketing:
        keys = [topic.key for topic in self.topics]
        if len(keys) != len(set(keys)) or GENERAL in keys:
            msg = f"topics need keys that differ, and {GENERAL} is what has no topic of its own"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _profiles_can_be_made(self) -> Marketing:
        if self.programme.ai_personalization and not self.personalization.interests:
            raise ValueError("programme.ai_personalization needs personalization.interests, the words of a profile")
        for rule in self.personalization.rules:
            if rule.offer and self.product(rule.offer) is None:
                msg = f"a rule of personalization offers {rule.offer}, which is not in the catalogue"
                raise ValueError(msg)
        return self

    def has_topic(self, key: str) -> bool:
        """Whether people can be written to about it."""
        return key == GENERAL or any(topic.key == key for topic in self.topics)

    def product(self, key: str) -> Product | None:
        """The product of that key, or of that Stripe product id."""
        return next((p for p in self.catalogue if key in {p.key, p.stripe_product}), None)

    def magnet(self, key: str) -> Magnet | None:
        """The lead magnet of that key."""
        return next((one for one in self.magnets if one.key == key), None)

    @property
    def book(self) -> Product | None:
        """What the programme offers."""
        return self.product(self.programme.book) if self.programme.book else None
