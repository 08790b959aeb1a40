"""`config/marketing.yaml` as types: brand, catalogue, forms, limits, compliance, approvals."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.schedule import Delay
from domain.sequences import DelayText


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


class Product(_Strict):
    """A thing that is sold. `kind` decides which purchase journey it begins."""

    key: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: str
    kind: Literal["training", "digital"]
    price: Decimal = Field(ge=0)
    currency: str = "USD"
    url: str | None = None
    description: str = ""
    audience: str = ""
    related: list[str] = Field(default_factory=list)
    stripe_product: str | None = None


class Form(_Strict):
    """A form that visitors fill in: what it becomes."""

    event: str = "lead_captured"
    tags: list[str] = Field(default_factory=list)
    audience: str = ""
    redirect: str = "/thanks"
    consent_wording: str = ""


class Compliance(_Strict):
    """Rules that are enforced at the claim of a message."""

    gdpr: bool = True
    consent_required: bool = False
    retention_days: int = Field(default=365, ge=1)
    global_opt_out: bool = True


class Limits(_Strict):
    """`retries` counts definite refusals; outages are waited out."""

    marketing_emails_per_hour: int = Field(default=500, ge=1)
    social_posts_per_day: int = Field(default=3, ge=1)
    retries: int = Field(default=3, ge=0)


class Approvals(_Strict):
    """Which channels wait for a person, and how long each waiting stage is (virtual time, from the start)."""

    review_required: list[str] = Field(default_factory=lambda: ["linkedin"])
    reminder: DelayText = Delay(days=1)
    escalation: DelayText = Delay(days=2)
    expiry: DelayText = Delay(days=7)

    @model_validator(mode="after")
    def _in_order(self) -> Approvals:
        stages = [delay.nominal_s for delay in (self.reminder, self.escalation, self.expiry)]
        if stages != sorted(stages):
            msg = "reminder, escalation and expiry must come in this order"
            raise ValueError(msg)
        return self


class Atomization(_Strict):
    """What a release or an article becomes."""

    enabled: bool = True
    kinds: list[str] = Field(default_factory=lambda: ["thread", "linkedin", "newsletter", "descriptions"])


class Marketing(_Strict):
    """The whole of `config/marketing.yaml`."""

    brand: Brand
    catalogue: list[Product] = Field(default_factory=list)
    forms: dict[str, Form] = Field(default_factory=dict)
    compliance: Compliance = Compliance()
    limits: Limits = Limits()
    approvals: Approvals = Approvals()
    atomization: Atomization = Atomization()

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

    def product(self, key: str) -> Product | None:
        """The product of that key, or of that Stripe product id."""
        return next((p for p in self.catalogue if key in {p.key, p.stripe_product}), None)
