"""The environment: what is taken, what is refused and in which words."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

import settings
from domain.errors import Invalid
from domain.marketing import Limits
from domain.writers import Price, WriterRules
from settings import SOURCE, Settings, SettingsError, variables
from tests.core_kit import marketing

NUMBERED = 3
COMPOSE_ONLY = (
    "POSTGRES_PASSWORD",
    "PERENNIAL_DATABASE_PASSWORD",
    "TEMPORAL_DATABASE_PASSWORD",
    "GRAFANA_PASSWORD",
)


def made(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


def complaint(**values: str) -> str:
    with pytest.raises(ValidationError) as caught:
        made(**values)
    return "\n".join(settings.sentences(caught.value))


def test_everything_has_a_default_that_works_on_one_machine() -> None:
    found = made()
    assert found.public_url == "http://127.0.0.1:8080"
    assert found.mail_provider == "outbox"
    assert found.day_seconds is None
    assert found.data_dir.is_absolute()


def test_the_public_address_follows_the_port() -> None:
    assert made(PERENNIAL_API_PORT="9001").public_url == "http://127.0.0.1:9001"


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_secret_counts_as_not_set(empty: str) -> None:
    found = made(STRIPE_WEBHOOK_SECRET=empty)
    assert found.stripe_webhook_secret is None
    assert found.secrets_of("STRIPE_WEBHOOK_SECRET") == ()


def test_a_secret_may_be_old_and_new_at_once() -> None:
    assert made(GITHUB_WEBHOOK_SECRET=" new , old,").secrets_of("GITHUB_WEBHOOK_SECRET") == ("new", "old")


def test_secrets_do_not_show() -> None:
    shown = repr(made(OPENAI_API_KEY="sk-planted", DATABASE_URL="postgresql://u:planted@h/d"))
    assert "planted" not in shown


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_database_may_be_written_in_any_usual_way(scheme: str) -> None:
    assert made(DATABASE_URL=f"{scheme}://u:p@h/d").database == "postgresql+psycopg://u:p@h/d"


def test_no_database_is_one_sentence() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL must be set"):
        _ = made().database


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PERENNIAL_API_PORT", "70000"),
        ("PERENNIAL_API_PORT", "eighty"),
        ("PERENNIAL_DAY_SECONDS", "0"),
        ("PERENNIAL_DAY_SECONDS", "nan"),
        ("PERENNIAL_MAIL_PROVIDER", "pigeon"),
        ("TEMPORAL_ADDRESS", "http://temporal:7233"),
        ("OPENAI_BASE_URL", "localhost"),
        ("SMTP_TLS", "ssl3"),
    ],
)
def test_a_bad_value_is_one_sentence_that_names_its_variable(variable: str, value: str) -> None:
    assert re.fullmatch(rf"{variable} cannot be used: .+\.", complaint(**{variable: value}))


def test_every_problem_is_named_at_once() -> None:
    text = complaint(PERENNIAL_API_PORT="x", PERENNIAL_DAY_SECONDS="-1", PERENNIAL_CRM="paper")
    assert len(text.splitlines()) == NUMBERED


def test_the_sentence_does_not_hold_a_secret() -> None:
    assert "hunter2" not in complaint(DATABASE_URL="mysql://u:hunter2@h/d")


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({"PERENNIAL_MAIL_PROVIDER": "smtp"}, "SMTP_HOST"),
        ({"PERENNIAL_MAIL_PROVIDER": "resend"}, "RESEND_API_KEY"),
        ({"PERENNIAL_MAIL_PROVIDER": "sendgrid"}, "SENDGRID_API_KEY"),
        ({"PERENNIAL_CRM": "hubspot"}, "HUBSPOT_TOKEN"),
        ({"PERENNIAL_PLATFORM": "brevo"}, "BREVO_API_KEY"),
    ],
)
def test_a_chosen_provider_asks_for_its_key(given: dict[str, str], lacking: str) -> None:
    (variable,) = given
    assert complaint(**given) == f"{variable} is {given[variable]}, so {lacking} must be set."


def test_a_child_gets_the_same_settings_and_reads_no_file() -> None:
    parent = made(DATABASE_URL="postgresql://u:p@h/d", PERENNIAL_DAY_SECONDS="2", GITHUB_WEBHOOK_SECRET="a,b")
    environment = parent.environment()
    assert environment.pop("PERENNIAL_ENV_FILE") == "/dev/null"
    assert made(**{name: value for name, value in environment.items() if value}) == parent


def test_the_key_of_a_cloud_turns_tls_on() -> None:
    assert made(TEMPORAL_API_KEY="k").temporal_tls
    assert not made().temporal_tls


def test_the_example_file_lists_every_variable_and_no_other() -> None:
    listed = re.findall(r"^#?([A-Z][A-Z_]+)=", (SOURCE / ".env.example").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted([*variables(), *COMPOSE_ONLY])


def test_the_example_file_can_be_used_as_it_is(tmp_path: Path) -> None:
    lines = (SOURCE / ".env.example").read_text().splitlines()
    (tmp_path / ".env").write_text("\n".join(re.sub(r"^#([A-Z_]+=)", r"\1", line) for line in lines))
    assert Settings(_env_file=tmp_path / ".env").workers == 1


def test_the_environment_beats_the_file(tmp_path: Path, settings_in: Callable[[Path, dict[str, str]], str]) -> None:
    (tmp_path / ".env").write_text("PERENNIAL_API_PORT=9001\nPERENNIAL_TEMPORAL_PORT=9002\n")
    assert settings_in(tmp_path, {"PERENNIAL_API_PORT": "9003"}) == "9003 9002"


def test_another_file_can_be_named(tmp_path: Path, settings_in: Callable[[Path, dict[str, str]], str]) -> None:
    (tmp_path / "mine").write_text("PERENNIAL_API_PORT=9001\n")
    assert settings_in(tmp_path, {"PERENNIAL_ENV_FILE": "mine"}) == "9001 7233"


@pytest.fixture
def settings_in() -> Callable[[Path, dict[str, str]], str]:
    """API and Temporal port as a process of its own reads them in a folder with an environment."""

    def read(folder: Path, environment: dict[str, str]) -> str:
        program = "import settings; found = settings.load(); print(found.api_port, found.temporal_port)"
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONPATH": str(SOURCE), **environment},
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    return read


def test_the_environments_hourly_limit_stands_in_for_the_configurations_and_nothing_else_does() -> None:
    configured = marketing(limits=Limits(marketing_emails_per_hour=200))
    assert made().applied(configured).limits.marketing_emails_per_hour == 200
    assert made(marketing_per_hour=7).applied(configured).limits == Limits(marketing_emails_per_hour=7)


PRICES = {"gpt-4o-mini": Price(input=Decimal("0.15"), output=Decimal("0.60"))}
CAPPED = WriterRules(prices=PRICES, monthly_cap_usd=Decimal(5))


@pytest.mark.parametrize("models", [{"openai_model": "gpt-9"}, {"openai_small_model": "tiny"}])
def test_a_cap_on_a_model_without_a_price_is_told_at_the_start(models: dict[str, str]) -> None:
    given = made(openai_api_key=SecretStr("sk-x"), **models)
    with pytest.raises(Invalid, match=r"no price of (gpt-9|tiny), .* Write it under writers\.prices"):
        given.applied(marketing(writers=CAPPED))
    free = marketing(writers=WriterRules(prices=PRICES))
    assert given.applied(free) == free


def test_a_cap_that_can_be_kept_and_one_without_a_model_are_taken() -> None:
    capped = marketing(writers=CAPPED)
    assert made(openai_api_key=SecretStr("sk-x")).applied(capped) == capped
    assert made(openai_model="gpt-9").applied(capped) == capped


@pytest.mark.parametrize(
    ("key", "live"), [("sk_live_x", True), ("rk_live_x", True), ("sk_test_x", False), ("", False), (None, False)]
)
def test_which_keys_of_stripe_take_live_money(key: str | None, live: bool) -> None:
    given = made(stripe_api_key=SecretStr(key) if key is not None else None)
    assert given.takes_live_money is live
