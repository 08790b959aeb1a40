"""The environment (and `.env` in the current folder) as one typed object.

`PERENNIAL_ENV_FILE` names another file than `.env`; the supervisor's children get everything in their
environment and read none.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, FiniteFloat, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import PerennialError
from domain.marketing import Marketing
from domain.writers import Role, check_prices

SOURCE = Path(__file__).resolve().parent


class SettingsError(PerennialError):
    """What the environment says cannot be used: one sentence a problem, a line each, no secret in any."""

    code = "settings"


def _unset_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _stripped(value: SecretStr | None) -> SecretStr | None:
    return value and SecretStr(value.get_secret_value().strip())


def _database_url(value: SecretStr | None) -> SecretStr | None:
    """Any of the usual spellings, as SQLAlchemy wants it for psycopg."""
    if value is None:
        return None
    scheme, separator, rest = value.get_secret_value().partition("://")
    if not separator or scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
        raise ValueError("must begin with postgresql://")
    return SecretStr(f"postgresql+psycopg://{rest}")


def _web_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value.rstrip("/")


def _host_and_port(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[^\s/]+:\d{1,5}", value):
        raise ValueError("must be a host and a port with a colon between, and nothing before or after")
    return value


def _default_public_url(fields: dict[str, Any]) -> str:
    return f"http://127.0.0.1:{fields['api_port']}"


def _default_tls(fields: dict[str, Any]) -> bool:
    return fields["temporal_api_key"] is not None


def _folder(value: Path) -> Path:
    return value.expanduser().absolute()


Folder = Annotated[Path, AfterValidator(_folder)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Secret = Annotated[SecretStr | None, BeforeValidator(_unset_if_blank), AfterValidator(_stripped)]
Url = Annotated[str, AfterValidator(_web_address)]


class Settings(BaseSettings):
    """Everything that can be set from outside. A secret that is empty counts as not set. `load` makes one.

    The webhook secrets may each be a list with commas, old and new, while one is rotated: `secrets_of`.
    """

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
    )

    api_host: str = Field("127.0.0.1", validation_alias="PERENNIAL_API_HOST")
    api_port: Port = Field(8080, validation_alias="PERENNIAL_API_PORT")
    temporal_port: Port = Field(7233, validation_alias="PERENNIAL_TEMPORAL_PORT")
    temporal_ui_port: Port = Field(8233, validation_alias="PERENNIAL_TEMPORAL_UI_PORT")
    data_dir: Folder = Field(Path("var"), validate_default=True, validation_alias="PERENNIAL_DATA_DIR")
    config_dir: Folder = Field(SOURCE / "config", validation_alias="PERENNIAL_CONFIG_DIR")
    day_seconds: FiniteFloat | None = Field(None, gt=0, validation_alias="PERENNIAL_DAY_SECONDS")
    public_url: Url = Field(default_factory=_default_public_url, validation_alias="PERENNIAL_PUBLIC_URL")
    secret_key: Secret = Field(None, validation_alias="PERENNIAL_SECRET_KEY")
    workers: int = Field(1, ge=1, le=64, validation_alias="PERENNIAL_WORKERS")
    worker_metrics_port: Port | None = Field(None, validation_alias="PERENNIAL_WORKER_METRICS_PORT")
    worker_metrics_host: str = Field("127.0.0.1", validation_alias="PERENNIAL_WORKER_METRICS_HOST")
    workflow_cache: int = Field(500, ge=1, validation_alias="PERENNIAL_WORKFLOW_CACHE")
    marketing_per_hour: int | None = Field(None, ge=1, validation_alias="PERENNIAL_MARKETING_PER_HOUR")

    database_url: Annotated[Secret, AfterValidator(_database_url)] = Field(None, validation_alias="DATABASE_URL")
    temporal_address: Annotated[str | None, AfterValidator(_host_and_port)] = Field(
        None, validation_alias="TEMPORAL_ADDRESS"
    )
    temporal_namespace: str = Field("default", validation_alias="TEMPORAL_NAMESPACE")
    temporal_api_key: Secret = Field(None, validation_alias="TEMPORAL_API_KEY")
    temporal_tls: bool = Field(default_factory=_default_tls, validation_alias="TEMPORAL_TLS")
    temporal_cli: Folder | None = Field(None, validation_alias="PERENNIAL_TEMPORAL_CLI")

    stripe_webhook_secret: Secret = Field(None, validation_alias="STRIPE_WEBHOOK_SECRET")
    calendly_webhook_secret: Secret = Field(None, validation_alias="CALENDLY_WEBHOOK_SECRET")
    github_webhook_secret: Secret = Field(None, validation_alias="GITHUB_WEBHOOK_SECRET")
    resend_webhook_secret: Secret = Field(None, validation_alias="RESEND_WEBHOOK_SECRET")
    sendgrid_webhook_public_key: Secret = Field(None, validation_alias="SENDGRID_WEBHOOK_PUBLIC_KEY")
    cms_webhook_secret: Secret = Field(None, validation_alias="CMS_WEBHOOK_SECRET")
    stripe_api_key: Secret = Field(None, validation_alias="STRIPE_API_KEY")
    stripe_api_base: Url = Field("https://api.stripe.com", validation_alias="STRIPE_API_BASE")

    mail_provider: Literal["outbox", "smtp", "resend", "sendgrid"] = Field(
        "outbox", validation_alias="PERENNIAL_MAIL_PROVIDER"
    )
    smtp_host: str | None = Field(None, validation_alias="SMTP_HOST")
    smtp_port: Port = Field(587, validation_alias="SMTP_PORT")
    smtp_username: str | None = Field(None, validation_alias="SMTP_USERNAME")
    smtp_password: Secret = Field(None, validation_alias="SMTP_PASSWORD")
    smtp_tls: Literal["none", "starttls", "tls"] = Field("starttls", validation_alias="SMTP_TLS")
    resend_api_key: Secret = Field(None, validation_alias="RESEND_API_KEY")
    resend_api_base: Url = Field("https://api.resend.com", validation_alias="RESEND_API_BASE")
    sendgrid_api_key: Secret = Field(None, validation_alias="SENDGRID_API_KEY")
    sendgrid_api_base: Url = Field("https://api.sendgrid.com", validation_alias="SENDGRID_API_BASE")

    crm: Literal["local", "hubspot"] = Field("local", validation_alias="PERENNIAL_CRM")
    hubspot_token: Secret = Field(None, validation_alias="HUBSPOT_TOKEN")
    platform: Literal["local", "brevo"] = Field("local", validation_alias="PERENNIAL_PLATFORM")
    brevo_api_key: Secret = Field(None, validation_alias="BREVO_API_KEY")
    slack_webhook_url: Secret = Field(None, validation_alias="SLACK_WEBHOOK_URL")
    discord_webhook_url: Secret = Field(None, validation_alias="DISCORD_WEBHOOK_URL")

    openai_base_url: Url = Field("https://api.openai.com/v1", validation_alias="OPENAI_BASE_URL")
    openai_api_key: Secret = Field(None, validation_alias="OPENAI_API_KEY")
    openai_model: str = Field("gpt-4o-mini", validation_alias="OPENAI_MODEL")
    openai_reasoning_model: str | None = Field(None, validation_alias="OPENAI_REASONING_MODEL")
    openai_small_model: str | None = Field(None, validation_alias="OPENAI_SMALL_MODEL")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """A provider that was chosen has what it needs."""
        needs = (
            ("PERENNIAL_MAIL_PROVIDER", self.mail_provider, "smtp", "SMTP_HOST", self.smtp_host),
            ("PERENNIAL_MAIL_PROVIDER", self.mail_provider, "resend", "RESEND_API_KEY", self.resend_api_key),
            ("PERENNIAL_MAIL_PROVIDER", self.mail_provider, "sendgrid", "SENDGRID_API_KEY", self.sendgrid_api_key),
            ("PERENNIAL_CRM", self.crm, "hubspot", "HUBSPOT_TOKEN", self.hubspot_token),
            ("PERENNIAL_PLATFORM", self.platform, "brevo", "BREVO_API_KEY", self.brevo_api_key),
        )
        lacking = [
            f"{chooser} is {chosen}, so {key} must be set"
            for chooser, chosen, choice, key, value in needs
            if chosen == choice and not value
        ]
        if lacking:
            raise ValueError(".\n".join(lacking))
        return self

    @property
    def database(self) -> str:
        """The database's URL for SQLAlchemy, password included; raises SettingsError where none is set."""
        if self.database_url is None:
            raise SettingsError("DATABASE_URL must be set (`perennial up` sets it for what it starts).")
        return self.database_url.get_secret_value()

    def secrets_of(self, name: str) -> tuple[str, ...]:
        """The secrets in a variable that may hold several with commas between, such as `STRIPE_WEBHOOK_SECRET`.

        Empty where it is not set. Any one of them is to be accepted.
        """
        value: SecretStr | None = getattr(self, name.lower())
        parts = value.get_secret_value().split(",") if value else ()
        return tuple(part.strip() for part in parts if part.strip())

    @property
    def takes_live_money(self) -> bool:
        """Whether Stripe's key is a live one: `sk_live_…`, or restricted, `rk_live_…` (https://docs.stripe.com/keys)."""
        key = self.stripe_api_key.get_secret_value() if self.stripe_api_key else ""
        return key.startswith(("sk_live_", "rk_live_"))

    @property
    def models(self) -> dict[Role, str]:
        """Which model is asked for what; none without a key."""
        if self.openai_api_key is None:
            return {}
        return {
            "writing": self.openai_model,
            "reasoning": self.openai_reasoning_model or self.openai_model,
            "small": self.openai_small_model or self.openai_model,
        }

    def applied(self, marketing: Marketing) -> Marketing:
        """The configuration with the hourly limit of this environment, where it names one.

        Raises Invalid for a monthly cap on models whose price is not there.
        """
        check_prices(marketing.writers, self.models)
        if self.marketing_per_hour is None:
            return marketing
        limits = marketing.limits.model_copy(update={"marketing_emails_per_hour": self.marketing_per_hour})
        return marketing.model_copy(update={"limits": limits})

    def environment(self) -> dict[str, str]:
        """What makes the same Settings in a child process, secrets included; a variable that is not set is empty."""
        values = {str(field.validation_alias): getattr(self, name) for name, field in type(self).model_fields.items()}
        shown = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in values.items()
        }
        texts = {name: "" if value is None else str(value) for name, value in shown.items()}
        return {**texts, "PERENNIAL_ENV_FILE": os.devnull}


def variables() -> tuple[str, ...]:
    """The names of all variables that Settings reads, in order."""
    return tuple(str(field.validation_alias) for field in Settings.model_fields.values())


def load() -> Settings:
    """Settings from the environment and the file; raises SettingsError."""
    try:
        return Settings(_env_file=os.environ.get("PERENNIAL_ENV_FILE", ".env"))
    except ValidationError as error:
        raise SettingsError("\n".join(sentences(error))) from None


def sentences(error: ValidationError) -> list[str]:
    """One sentence a problem. The value itself is never in it: it may be a secret in the wrong place."""
    # A default that is derived from a field in error is not a second problem.
    problems = [p for p in error.errors() if p["type"] != "default_factory_not_called"]
    return [_sentence(problem) for problem in problems]


def _sentence(problem: ErrorDetails) -> str:
    message = problem["msg"].removeprefix("Value error, ")
    if not problem["loc"]:
        return f"{message}."
    fields = Settings.model_fields
    name = str(problem["loc"][0])
    variable = str(fields[name].validation_alias) if name in fields else name
    return f"{variable} cannot be used: {message[0].lower()}{message[1:]}."
